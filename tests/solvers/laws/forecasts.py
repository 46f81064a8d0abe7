"""Forecasts of larger runs from smaller ones, for each given family, with all that was learned from others only.

A family's runs in the order of compute are cut at four shares; runs below the cut are fitted, those with 3 to 1,000
times the compute of the largest fitted one are foretold.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from solvers.laws.law import Floats, Runs
from solvers.laws.predict.interval import Doubt, columns, interval, learned
from solvers.laws.predict.mixture import Told, mixture, tell
from tests.solvers.laws.families import FAMILIES

SHARES, FEWEST, FEWEST_ASKED = (0.35, 0.5, 0.65, 0.8), 10, 3
LEAST, MOST = 3.0, 1000.0


@dataclass(frozen=True, eq=False)
class Forecast:
    """One cut of a family: what was told of the larger runs, and their losses."""

    family: str
    group: str
    share: float
    fitted: Runs
    asked: Runs
    told: Told

    @property
    def errors(self) -> Floats:
        """ln of loss over forecast."""
        return np.asarray(np.log(self.asked.loss) - self.told.log_loss)

    @property
    def mape(self) -> float:
        """Mean absolute error as a share of the loss."""
        return float(np.abs(np.expm1(-self.errors)).mean())


def cuts(runs: Runs) -> Iterator[tuple[float, Runs, Runs]]:
    """Shares with the runs below them and the runs to be foretold."""
    runs = runs.take(np.argsort(runs.flops, kind="stable"))
    for share in SHARES:
        below = runs.flops < runs.flops[int(share * len(runs))]
        if below.sum() < FEWEST:
            continue
        known = runs.take(below)
        times = runs.flops / known.flops.max()
        asked = runs.take((times >= LEAST) & (times <= MOST))
        if len(asked) >= FEWEST_ASKED:
            yield share, known, asked


def forecasts() -> list[Forecast]:
    """All cuts of all families."""
    found = []
    for name, (group, read) in FAMILIES.items():
        for share, known, asked in cuts(read()):
            told = tell(mixture(known, leave=(group,)), asked.inputs)
            found.append(Forecast(name, group, share, known, asked, told))
    return found


def doubt_of(known: list[Forecast], *, leave: str = "") -> Doubt:
    """The doubt that the forecasts of all groups but one teach; cuts weigh alike, families of n cuts as sqrt(n)."""
    some = [one for one in known if one.group != leave]
    count = {group: sum(one.group == group for one in some) for group in {one.group for one in some}}
    weights = [np.full(len(one.asked), 1.0 / len(one.asked) / np.sqrt(count[one.group])) for one in some]
    return learned(
        np.concatenate([one.errors for one in some]),
        np.concatenate([columns(one.told) for one in some]),
        np.concatenate(weights),
    )


@dataclass(frozen=True)
class Score:
    """A cut's error, share of runs inside the interval and mean half-width, all as shares of the loss."""

    family: str
    share: float
    fitted: int
    asked: int
    mape: float
    coverage: float
    half_width: float


def scores(known: list[Forecast]) -> list[Score]:
    """Each cut scored with a doubt that its own group had no part in."""
    doubts = {group: doubt_of(known, leave=group) for group in sorted({one.group for one in known})}
    return [_score(one, doubts[one.group]) for one in known]


def _score(one: Forecast, doubt: Doubt) -> Score:
    found = interval(one.told, doubt)
    inside = (found.low <= one.asked.loss) & (one.asked.loss <= found.high)
    half = (found.high - found.low) / 2.0 / found.value
    sizes = len(one.fitted), len(one.asked)
    return Score(one.family, one.share, *sizes, one.mape, float(inside.mean()), float(half.mean()))
