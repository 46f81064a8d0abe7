"""What to foretell when only a budget is given: the run that it is best spent on, and how far that may be off."""

import numpy as np

from solvers.laws.design.candidates import Target
from solvers.laws.predict.mixture import Mixture
from solvers.laws.predict.optimum import Budget, Optimum, Range, optimum

# The best run counts as much as both ends of its interval together.
SHARE = (0.5, 0.25, 0.25)


def of_budget(mix: Mixture, budget: Budget, *, seed: int = 0) -> Target:
    """The best run of the budget, and the smallest and largest models that may be best instead."""
    return of_optimum(optimum(mix, budget, seed=seed))


def of_optimum(found: Optimum) -> Target:
    """The best run that was found, and the smallest and largest models that may be best instead."""
    tokens = found.tokens
    return Target(
        {"params": _ends(found.params), "tokens": np.array([tokens.value, tokens.high, tokens.low])}, np.array(SHARE)
    )


def _ends(of: Range) -> np.ndarray:
    return np.array([of.value, of.low, of.high])
