"""A law's prior, learned from families of runs that are known: how they differ by text, tokenizer and recipe.

theta_f - level_f ~ N(centre, width^2) for each family f, independently in each parameter. Theta is at one reference for
all (solvers.laws.law.REFERENCE) and level_f the ln loss that the family's own fit says of it: families of small and of
large runs, in any unit of loss, are compared where they would be the same run.
theta_f was fitted once; H_f is the information its runs alone have of it, so that they weigh as a normal around it:
E   variance_f = (H_f + 1 / width^2)^-1;  m_f = variance_f (H_f theta_f + centre / width^2)
M   centre = mean m_f;  width^2 = (sum (m_f - centre)^2 + diag variance_f + BELIEF own^2) / (families + BELIEF)
Families that share their runs (several readings of one figure) are one group and count once together. The law's own
width stands for BELIEF further families: few families cannot make a parameter seem known for certain
[dempster1977maximum].
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.laws.fit.fit import Fitted
from solvers.laws.law import Floats, Law, Prior, Runs, Scale, normalised, reference_of, scale_of

# Families that the law's own width is worth, and rounds after which nothing moves any more.
BELIEF, ROUNDS = 1.0, 200


@dataclass(frozen=True, eq=False)
class Family:
    """What one family's runs say of a law: theta [P] above its level, information [P, P] of the runs alone."""

    name: str
    group: str
    theta: Floats
    information: Floats


@dataclass(frozen=True, eq=False)
class Learned:
    """A prior on theta [P] above a level: centre and width; from the families named.

    Where no family speaks for a law, its own prior is of the middle of the runs, and so is its scale.
    """

    law: Law
    centre: Floats
    width: Floats
    families: tuple[str, ...]

    def scale(self, inputs: Mapping[str, Floats]) -> Scale:
        """The references of the inputs at which the prior speaks."""
        return reference_of(self.law) if self.families else scale_of(self.law, inputs)

    def level(self, runs: Runs) -> float:
        """The level at which the centre goes through the middle of the runs' losses."""
        x = normalised(self.law, runs.inputs, self.scale(runs.inputs))
        return float(np.median(np.log(runs.loss) - self.law.log_loss(self.centre[None], x)[0][0]))

    def prior(self, *, level: float, times: float = 1.0) -> Prior:
        """The prior at this level, with every width so many times as wide."""
        return Prior(self.centre + level * levels(self.law), 1.0 / (times * self.width) ** 2)


def levels(law: Law) -> Floats:
    """1 for each parameter [P] that is above the runs' level, else 0."""
    return np.array([float(one.level) for one in law.parameters])


def family(name: str, fitted: Fitted, *, group: str = "") -> Family:
    """What a fit to the family's runs at the reference says; what the fit's own prior said is taken out again."""
    theta = _above(fitted.law, fitted.theta)
    information = np.linalg.inv(fitted.covariance) - np.diag(fitted.prior.precision)
    return Family(name, group or name, theta, 0.5 * (information + information.T))


def learn(law: Law, families: Sequence[Family], *, leave: Collection[str] = ()) -> Learned:
    """The prior that the families speak for, without the families and groups in `leave`."""
    kept = [one for one in families if not {one.name, one.group} & set(leave)]
    own = np.array([one.width for one in law.parameters])
    centre, width = np.array([one.centre for one in law.parameters]), own
    if kept:
        centre = _above(law, centre)
        count = Counter(one.group for one in kept)
        share = np.array([1.0 / count[one.group] for one in kept])
        for _ in range(ROUNDS):
            centre, width = _round(kept, share, centre, width, own)
        centre = _above(law, centre)
    return Learned(law, centre, width, tuple(one.name for one in kept))


def _above(law: Law, theta: Floats) -> Floats:
    """Theta [P] less the ln loss that it says of the reference, so that it says a loss of one there."""
    found: Floats = theta - float(law.log_loss(theta[None], np.zeros((1, len(law.inputs))))[0][0, 0]) * levels(law)
    return found


def _round(kept: Sequence[Family], share: Floats, centre: Floats, width: Floats, own: Floats) -> tuple[Floats, Floats]:
    information = np.array([one.information for one in kept])
    seen = np.array([one.information @ one.theta for one in kept])
    variance = np.linalg.inv(information + np.diag(1.0 / width**2))
    middle = (variance @ (seen + centre / width**2)[..., None])[..., 0]
    centre = share @ middle / share.sum()
    squares = share @ ((middle - centre) ** 2 + np.einsum("fpp->fp", variance)) + BELIEF * own**2
    return centre, np.sqrt(squares / (share.sum() + BELIEF))
