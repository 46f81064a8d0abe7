"""The surface at a size before there are runs: what a published rule says, and how far it may be off.

The optimum (x, y) is normal about the rule with the prior's widths, which grow with the distance from the middle of the
rule's own runs. The shape is taken as known: draws of what a fit may make
of it (prior.SHAPE_WIDTH) would have basins steeper and flatter than any that was measured.
"""

import numpy as np
from numpy.typing import NDArray

from solvers.laws.hyperparameters import step_law
from solvers.laws.hyperparameters.prior import STEP_LAW, Prior
from solvers.laws.hyperparameters.rule import Setting, suggested
from solvers.laws.hyperparameters.target import Target, with_draws

Floats = NDArray[np.float64]

# The middle of the runs behind the prior's rule, in N and D.
_VALID = step_law.RULE.valid or {}
MIDDLE = tuple(float(np.sqrt(low * high)) for low, high in (_VALID["params"], _VALID["tokens"]))


def believed(*, params: float, tokens: float, prior: Prior = STEP_LAW) -> Target:
    """The prior's surface at a size. SpecError where it is none."""
    said = suggested(step_law.RULE, Setting(params, tokens)).warnings
    u, w = float(np.log(params / MIDDLE[0])), float(np.log(tokens / MIDDLE[1]))
    carried = np.zeros((len(prior.width()) - 4, len(prior.width())))
    carried[0, :3] = carried[1, 3:6] = 1.0, u, w
    carried[2:, 6:] = np.eye(len(carried) - 2)
    covariance = (carried * prior.width() ** 2) @ carried.T
    covariance[2:, 2:] = 0.0
    covariance[:2, :2] += np.eye(2) * prior.group**2
    return with_draws(params, tokens, (u, w), carried @ prior.centre(*MIDDLE), covariance, said)
