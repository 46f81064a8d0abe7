"""Forecasts of larger runs from smaller ones, for each given family, with all that was learned from others only.

A family's runs in the order of compute are cut at four shares; runs below the cut are fitted, those with 3 to 1,000
times the compute of the largest fitted one are foretold.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from solvers.laws.law import Floats, Runs
from solvers.laws.predict.interval import Doubt, columns, interval, learned
from solvers.laws.predict.mixture import Told, mixture, tell
from tests.solvers.laws.families import FAMILIES

SHARES, FEWEST, FEWEST_ASKED = (0.35, 0.5, 0.65, 0.8), 10, 3
LEAST, MOST = 3.0, 1000.0
# What forecasts from many runs, the whole cuts, count in learning the doubt beside each kind of those from few runs
# (tests/solvers/laws/few.py): as much as two of them (chosen with the families in view, for both to be held).
MANY, COUNTS = "many", {"many": 0.4, "random": 0.2, "ladder": 0.2, "advised": 0.2}


@dataclass(frozen=True, eq=False)
class Forecast:
    """One cut of a family: what was told of the larger runs, and their losses."""

    family: str
    group: str
    share: float
    fitted: Runs
    asked: Runs
    told: Told
    kind: str = MANY

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


def doubt_of(taught: list[Forecast], *, leave: str = "") -> Doubt:
    """The doubt that the forecasts of all groups but one teach.

    Groups weigh alike in each kind of forecast, and so do the forecasts of a group and kind.
    """
    some = [one for one in taught if one.group != leave]
    count = Counter((one.group, one.kind) for one in some)
    weights = [COUNTS[one.kind] / count[one.group, one.kind] for one in some]
    return learned(
        np.concatenate([one.errors for one in some]),
        np.concatenate([columns(one.told) for one in some]),
        np.concatenate(
            [np.full(len(one.asked), weight / len(one.asked)) for one, weight in zip(some, weights, strict=True)]
        ),
    )


@dataclass(frozen=True)
class Score:
    """A forecast's error, share of runs inside the interval and mean half-width, all as shares of the loss."""

    family: str
    kind: str
    share: float
    fitted: int
    asked: int
    mape: float
    coverage: float
    half_width: float


def scores(known: list[Forecast], taught: list[Forecast]) -> list[Score]:
    """Each forecast scored with a doubt that `taught` teach without its own group."""
    doubts = {group: doubt_of(taught, leave=group) for group in sorted({one.group for one in known})}
    return [_score(one, doubts[one.group]) for one in known]


def _score(one: Forecast, doubt: Doubt) -> Score:
    found = interval(one.told, doubt)
    inside = (found.low <= one.asked.loss) & (one.asked.loss <= found.high)
    half = (found.high - found.low) / 2.0 / found.value
    sizes = len(one.fitted), len(one.asked)
    return Score(one.family, one.kind, one.share, *sizes, one.mape, float(inside.mean()), float(half.mean()))
