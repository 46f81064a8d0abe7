"""How a frozen forecast did: inside its interval or not, by how much it was wrong, and its proper score.

With y the measured loss, m, l, u the forecast and its interval at level 1 - a, all as logarithms, so that scores of
forecasts in different units of loss can be averaged and read as shares:

IS   (u - l) + 2/a (l - y) [y < l] + 2/a (y - u) [y > u]     interval score, eq. 43 [gneiting2007strictly]
WIS  (|y - m| / 2 + a/2 IS) / 1.5                            weighted interval score of one interval and the median;
                                                             it approximates the CRPS, section 2 [bracher2021evaluating]
PIT  the share of the forecast below y: normal in the logarithm on each side of m, through l and u

Both scores are proper: nobody betters them by stating another interval than the one believed in. Smaller is better.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

from solvers.documents import Document

# A run this much larger or smaller than the forecast's is another run. By the law of [hoffmann2022chinchilla] one
# percent of N or D moves the loss by less than a tenth of a percent: little beside any interval that is stated.
OTHER_SIZE = 0.01
OTHER, LATE = "other_size", "before_frozen"


@dataclass(frozen=True)
class Measured:
    """What came out: the loss in the forecast's unit; how large the run was in truth, where it is told; when."""

    loss: float
    at: datetime
    params: float | None = None
    tokens: float | None = None


@dataclass(frozen=True)
class Score:
    """`relative_error` is (forecast - measured) / measured, so positive where the forecast was too high.

    `params_off` and `tokens_off` are shares by which the run differed from what was forecast; None where it is not
    told. `apart` names why the forecast does not count in the register's calibration, "" where it does.
    """

    inside: bool
    relative_error: float
    interval_score: float
    weighted_interval_score: float
    pit: float
    params_off: float | None
    tokens_off: float | None
    apart: str


def score(statement: Document, measured: Measured, *, frozen_at: datetime) -> Score:
    """The score of a frozen statement by what was measured."""
    loss, target, alpha = statement["loss"], statement["target"], 1.0 - statement["level"]
    low, value, high, found = (math.log(one) for one in (loss["low"], loss["value"], loss["high"], measured.loss))
    interval = (high - low) + 2.0 / alpha * (max(low - found, 0.0) + max(found - high, 0.0))
    params_off, tokens_off = _off(measured.params, target["params"]), _off(measured.tokens, target["tokens"])
    return Score(
        inside=loss["low"] <= measured.loss <= loss["high"],
        relative_error=loss["value"] / measured.loss - 1.0,
        interval_score=interval,
        weighted_interval_score=(abs(found - value) / 2.0 + alpha / 2.0 * interval) / 1.5,
        pit=_below(found - value, high - value if found > value else value - low, level=statement["level"]),
        params_off=params_off,
        tokens_off=tokens_off,
        apart=_apart(params_off, tokens_off, late=measured.at < frozen_at),
    )


def _off(actual: float | None, forecast: float) -> float | None:
    return None if actual is None else actual / forecast - 1.0


def _apart(*off: float | None, late: bool) -> str:
    if late:
        return LATE
    return OTHER if any(share is not None and abs(share) > OTHER_SIZE for share in off) else ""


def _below(distance: float, side: float, *, level: float) -> float:
    """The share of the forecast below a point this far from its middle, on a side of which the interval has `side`."""
    if side <= 0.0:
        return 0.5 + 0.5 * ((distance > 0) - (distance < 0))
    normal = NormalDist()
    return normal.cdf(distance / side * normal.inv_cdf((1.0 + level) / 2.0))


def document(one: Score) -> Document:
    """The score as JSON holds it."""
    return dict(vars(one))


def read(stored: Document) -> Score:
    """A score again, as `document` wrote it."""
    return Score(**stored)
