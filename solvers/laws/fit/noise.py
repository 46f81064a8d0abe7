"""How runs scatter around a law, in ln of the loss: with tails, so that one bad run does not move the law.

Both minimise sum_m w_m rho(r_m) by weighted least squares whose weights follow the residuals r [S, M].

Huber     rho = r^2 / 2 up to delta, then delta (|r| - delta / 2), over sd^2   [huber1964robust]
Student   rho = (nu + 1) / 2 ln(1 + r^2 / (nu sd^2)), sd learned               [lange1989robust]
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The threshold of equation 3 [hoffmann2022chinchilla].
DELTA = 1e-3
# Heavy tails; the usual choice where nothing is known of them (section 3 [lange1989robust]).
FREEDOM = 4.0
# Two runs' worth of belief that repeated runs scatter by 0.3 %: seeds alone give 0.03 to 1 % of the loss (measured on
# the repeated runs of [muennighoff2023scaling]).
USUAL_SD, USUAL_RUNS = 3e-3, 2.0
TINY = 1e-300


class Noise(Protocol):
    """What the descent asks of a distribution of residuals r [S, M]; w [M] or [S, M] weighs the runs."""

    @property
    def start_sd(self) -> float:
        """The scale before any residual is seen."""

    def sd(self, r: Floats, w: Floats, sd: Floats) -> Floats:
        """The scale [S] that fits the residuals, from the scale before."""

    def weights(self, r: Floats, sd: Floats) -> Floats:
        """rho'(r) / r [S, M], the weights of least squares."""

    def cost(self, r: Floats, w: Floats, sd: Floats) -> Floats:
        """The sum of w rho(r) [S], with what the scale itself costs."""

    def spread(self, r: Floats, w: Floats, sd: Floats) -> Floats:
        """By how much the covariance of weighted least squares is to be multiplied [S]."""


@dataclass(frozen=True)
class Huber:
    """Squares near the law, absolute values beyond `delta`; `sd` says what a prior weighs beside the runs."""

    delta: float = DELTA
    start_sd: float = 0.01

    def sd(self, r: Floats, w: Floats, sd: Floats) -> Floats:  # noqa: ARG002 -- the scale is given
        return sd

    def weights(self, r: Floats, sd: Floats) -> Floats:
        found: Floats = np.minimum(1.0, self.delta / np.maximum(np.abs(r), TINY)) / sd[:, None] ** 2
        return found

    def cost(self, r: Floats, w: Floats, sd: Floats) -> Floats:
        return self.sum(r, w) / sd**2

    def sum(self, r: Floats, w: Floats) -> Floats:
        """The sum of w rho(r) [S] in plain units, as papers print it."""
        size = np.abs(r)
        inside = np.minimum(size, self.delta)
        found: Floats = (w * inside * (size - 0.5 * inside)).sum(axis=-1)
        return found

    def spread(self, r: Floats, w: Floats, sd: Floats) -> Floats:
        """Of an M-estimate: mean psi^2 / (mean psi')^2, over the scale that least squares took for it.

        psi' is 1 inside delta only, where few runs lie: their density is taken over a window that holds a third.
        """
        size = np.abs(r)
        psi2 = _mean(np.minimum(size, self.delta) ** 2, w)
        window = np.maximum(np.quantile(size, 1 / 3, axis=-1), self.delta)
        inside = _mean((size <= window[:, None]).astype(np.float64), w) * self.delta / window
        taken = _mean(self.weights(r, sd), w)
        found: Floats = psi2 / np.maximum(inside, TINY) ** 2 * taken
        return found


@dataclass(frozen=True)
class Student:
    """Student's t with `freedom` degrees of freedom and a scale that is learned with the law."""

    freedom: float = FREEDOM
    start_sd: float = 0.02
    usual_sd: float = USUAL_SD

    def sd(self, r: Floats, w: Floats, sd: Floats) -> Floats:
        squares = r * r
        count = np.broadcast_to(w, r.shape).sum(axis=-1) + USUAL_RUNS
        for _ in range(3):
            scaled = (self.freedom + 1.0) / (self.freedom + squares / sd[:, None] ** 2)
            sd = np.sqrt(((w * scaled * squares).sum(axis=-1) + USUAL_RUNS * self.usual_sd**2) / count)
        return sd

    def weights(self, r: Floats, sd: Floats) -> Floats:
        found: Floats = (self.freedom + 1.0) / (self.freedom * sd[:, None] ** 2 + r * r)
        return found

    def cost(self, r: Floats, w: Floats, sd: Floats) -> Floats:
        z = r / sd[:, None]
        tails = (w * np.log1p(z * z / self.freedom)).sum(axis=-1) * (self.freedom + 1.0) / 2.0
        count = np.broadcast_to(w, r.shape).sum(axis=-1) + USUAL_RUNS
        found: Floats = tails + count * np.log(sd) + USUAL_RUNS * (self.usual_sd / sd) ** 2 / 2.0
        return found

    def spread(self, r: Floats, w: Floats, sd: Floats) -> Floats:  # noqa: ARG002 -- does not depend on them
        """The weights' information is (nu + 1) / (nu + 3) of what it seems (section 3 [lange1989robust])."""
        return np.full(len(r), (self.freedom + 3.0) / (self.freedom + 1.0))


def _mean(values: Floats, w: Floats) -> Floats:
    weights = np.broadcast_to(w, values.shape)
    found: Floats = (weights * values).sum(axis=-1) / weights.sum(axis=-1)
    return found
