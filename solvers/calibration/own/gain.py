"""Which experiments teach most of what is planned, for what they cost.

Logarithms of what is planned (one for each alternative) and of what may be measured are normal together:
    y ~ N(mean, C),   measuring the rows E with noise R moves the means of y by N(0, S),   S = C_E (C_EE + R)^-1 C_E^T
regret    what is lost by taking the alternative that looks best. Now: E[y_best - min y]; when the means have moved
          by N(0, S): E[min (mean + moved)] - E[min y], the second the same whatever is measured
spread    standard deviation of the best alternative's logarithm
gain      how much regret + spread become less: where there is one alternative, the second alone counts
Of one plan with several steps nothing is chosen: spread is the root mean square of their deviations, regret is not.
Greedy: the experiment of the largest gain for each second, then again given its rows, while the budget lasts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from solvers.calibration.covariance import Floats, Ints

DRAWS, SEED = 4096, 0
# Less than this is not worth a job: a tenth of a per cent of the plan's time.
LEAST_GAIN = 1e-3


class Known(Protocol):
    """What is known of what is planned, and of rows that may be measured."""

    def after(self, rows: Ints) -> Self:
        """What is left open when these rows are measured."""
        ...

    def gain(self, rows: Ints) -> float:
        """How much less is open then."""
        ...

    def left(self) -> dict[str, float]:
        """What is open, by name."""
        ...


def shrinks(covariance: Floats, places: Ints, noise: Floats) -> Floats:
    """By how much a covariance [n, n] shrinks when its rows at `places` are measured with noise of these variances."""
    between = covariance[:, places]
    found: Floats = between @ np.linalg.solve(covariance[np.ix_(places, places)] + np.diag(noise), between.T)
    return found


@dataclass(frozen=True)
class Steps:
    """Logarithms of `size` steps of one plan: `covariance` of them and of n rows behind them [size + n].

    `noise` are the rows' variances.
    """

    covariance: Floats
    noise: Floats
    size: int

    def spread(self) -> float:
        """Of the steps, one as the other."""
        return float(np.sqrt(np.diag(self.covariance)[: self.size].clip(0.0).mean()))

    def left(self) -> dict[str, float]:
        """The spread."""
        return {"spread": self.spread()}

    def after(self, rows: Ints) -> "Steps":
        """What is left open when these rows are measured."""
        moved = shrinks(self.covariance, self.size + rows, self.noise[rows])
        return Steps(self.covariance - moved, self.noise, self.size)

    def gain(self, rows: Ints) -> float:
        """By how much the spread becomes less."""
        return self.spread() - self.after(rows).spread()


@dataclass(frozen=True)
class Joint:
    """Normal logarithms: `mean` of the t alternatives, `covariance` of them and of n rows behind them [t + n].

    `noise` are the rows' variances; `moved` is the covariance of how far the means have moved from `mean` already.
    """

    mean: Floats
    covariance: Floats
    noise: Floats
    moved: Floats

    @property
    def size(self) -> int:
        """How many alternatives there are."""
        return len(self.mean)

    def spread(self) -> float:
        """Of the alternative that looks best."""
        best = int(self.mean.argmin())
        return float(np.sqrt(max(self.covariance[best, best], 0.0)))

    def regret(self) -> float:
        """Expected loss of taking the alternative that looks best."""
        return self._best(self.moved + self.covariance) - self._best(self.moved)

    def left(self) -> dict[str, float]:
        """Regret and spread."""
        return {"regret": self.regret(), "spread": self.spread()}

    def shrinks(self, rows: Ints) -> Floats:
        """By how much the covariance [t + n] shrinks when these rows are measured."""
        return shrinks(self.covariance, self.size + rows, self.noise[rows])

    def after(self, rows: Ints) -> "Joint":
        """What is left open when these rows are measured."""
        shrinks = self.shrinks(rows)
        return Joint(self.mean, self.covariance - shrinks, self.noise, self.moved + shrinks)

    def gain(self, rows: Ints) -> float:
        """By how much regret and spread are expected to become less."""
        after = self.after(rows)
        return self._best(after.moved) - self._best(self.moved) + self.spread() - after.spread()

    def _best(self, covariance: Floats) -> float:
        return _lost(self.mean, covariance[: self.size, : self.size])


def joint(mean: Floats, covariance: Floats, noise: Floats) -> Joint:
    """Before anything is measured."""
    return Joint(mean, covariance, noise, np.zeros_like(covariance))


@dataclass(frozen=True)
class Picked:
    """An experiment's place among those offered, its gain, and what is left open after it and those before it."""

    place: int
    gain: float
    left: dict[str, float]


def chosen(start: Known, experiments: Sequence[Ints], costs: Sequence[float], *, budget: float) -> list[Picked]:
    """The experiments (each the rows that it measures) within the budget, in the order they are picked."""
    return list(_picks(start, experiments, costs, budget))


def _picks(known: Known, experiments: Sequence[Ints], costs: Sequence[float], budget: float) -> Iterator[Picked]:
    left = set(range(len(experiments)))
    while True:
        able = [place for place in sorted(left) if costs[place] <= budget]
        gains = {place: known.gain(experiments[place]) for place in able}
        worth = [place for place in able if gains[place] >= LEAST_GAIN]
        if not worth:
            return
        place = max(worth, key=lambda one: gains[one] / costs[one])
        known, budget = known.after(experiments[place]), budget - costs[place]
        left.remove(place)
        yield Picked(place, gains[place], known.left())


def _lost(mean: Floats, covariance: Floats) -> float:
    """E[y_best - min y] of y ~ N(mean, covariance), best the least mean; drawn in pairs, so that no mean moves."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    half = root @ np.random.default_rng(SEED).standard_normal((len(mean), DRAWS))
    drawn = mean[:, None] + np.hstack([half, -half])
    return float((drawn[int(mean.argmin())] - drawn.min(axis=0)).mean())
