"""What is believed of the surface before the runs: the optimum near a published rule, a basin like a known one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.laws.hyperparameters import step_law
from solvers.laws.hyperparameters.rule import Power

Floats = NDArray[np.float64]

# Standard deviations of ln optimum at the middle of the runs and of the exponents of N and D. Of 0.1, 0.25 and 1 for
# the exponents the first lost least between the 8 groups of [li2025predictable] under 3e8 parameters, with 9 and with
# 40 runs a group; the 95 % bands of its own exponents are 0.12, 0.07 and 0.07 wide.
LEVEL, EXPONENT = 0.3, 0.1
# Shape [3, 5] of those 8 groups and how far another recipe's may be from it (estimate).
SHAPE = ((0.4, -0.55, -3.3, 0.0, -0.15), (0.14, 1.3, -6.6, 0.0, -0.06), (1.45, 0.12, -5.1, 0.0, -0.25))
SHAPE_WIDTH = (0.3, 0.3, 1.0, 0.2, 0.2)
# Standard deviation of a group's own optimum about the law, in ln: of 0.001, 0.05, 0.1, 0.2 and 0.3 the one of most
# evidence on the same 8 groups.
GROUP = 0.05


@dataclass(frozen=True, eq=False)
class Prior:
    """A rule for each optimum, how it counts N, and widths: of ln level, exponents of N and D [3], the shape [5]."""

    counts: str = step_law.RULE.counts
    learning_rate: Power = step_law.LEARNING_RATE
    batch_tokens: Power = step_law.BATCH_TOKENS
    optimum_width: tuple[float, float, float] = (LEVEL, EXPONENT, EXPONENT)
    shape_width: tuple[float, ...] = SHAPE_WIDTH
    group: float = GROUP

    def centre(self, params: float, tokens: float) -> Floats:
        """The prior mean [6 + 15], where N and D are relative to `params` and `tokens`."""
        powers = (self.learning_rate, self.batch_tokens)
        optimum = [(np.log(one.at(params, tokens)), one.params, one.tokens) for one in powers]
        return np.concatenate([np.ravel(optimum), np.ravel(SHAPE)])

    def width(self) -> Floats:
        """The prior's standard deviations [6 + 15]."""
        return np.concatenate([np.tile(self.optimum_width, 2), np.tile(self.shape_width, len(SHAPE))])


STEP_LAW = Prior()
# Nearly nothing believed of the optimum: what the runs alone say.
RUNS_ALONE = Prior(optimum_width=(2.0, 1.0, 1.0))
