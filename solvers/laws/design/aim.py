"""What to foretell when only a budget is given: the run that it is best spent on, and how far that may be off."""

import numpy as np

from solvers.laws.design.candidates import Target
from solvers.laws.predict.optimum import Optimum, Range

# The best run counts as much as both ends of its interval together.
SHARE = (0.5, 0.25, 0.25)


def of_optimum(found: Optimum) -> Target:
    """The best run that was found, and the smallest and largest models that may be best instead."""
    tokens = found.tokens
    return Target(
        {"params": _ends(found.params), "tokens": np.array([tokens.value, tokens.high, tokens.low])}, np.array(SHARE)
    )


def _ends(of: Range) -> np.ndarray:
    return np.array([of.value, of.low, of.high])
