"""How well a register's forecasts hold: as many inside their intervals as these promise, or not.

With k of n inside, the share that lies behind them is in Wilson's interval, which holds its level also for few and
for shares near one, section 3.1.1 [brown2001interval]:

(k + z^2/2) / (n + z^2)  +-  z sqrt(n) / (n + z^2) sqrt(p (1 - p) + z^2 / (4 n)),   p = k / n

Intervals are said to be too narrow only where so few inside, or fewer, would be rarer than one in twenty if each held
with the level that it promised; too wide likewise. That is the binomial's own tail, so that one miss decides nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from solvers.base import Estimate
from solvers.forecasts.score import Score

# Of the interval around the share; what is rarer than half of what it leaves out, on one side, is no chance.
LEVEL = 0.9
RARE = (1.0 - LEVEL) / 2.0
FEW, HOLDS, NARROW, WIDE = "none", "holds", "too_narrow", "too_wide"


@dataclass(frozen=True)
class Calibration:
    """Of `frozen` forecasts `scored` have an outcome and `counted` were of the run that was forecast.

    `promised` is the mean level of these; errors are shares, `bias` signed and positive for forecasts too high. Where
    nothing counts, what cannot be told is None.
    """

    frozen: int
    scored: int
    counted: int
    inside: int
    promised: float | None
    share: Estimate | None
    error: float | None
    bias: float | None
    interval_score: float | None
    verdict: str


def calibration(scores: Sequence[tuple[float, Score]], *, frozen: int) -> Calibration:
    """The calibration of (level, score) of all scored forecasts, out of so many that were frozen."""
    counted = [(level, one) for level, one in scores if not one.apart]
    many = len(counted)
    if not many:
        return Calibration(frozen, len(scores), 0, 0, None, None, None, None, None, FEW)
    inside = sum(one.inside for _, one in counted)
    promised = sum(level for level, _ in counted) / many
    return Calibration(
        frozen=frozen,
        scored=len(scores),
        counted=many,
        inside=inside,
        promised=promised,
        share=wilson(inside, many),
        error=sum(abs(one.relative_error) for _, one in counted) / many,
        bias=sum(one.relative_error for _, one in counted) / many,
        interval_score=sum(one.interval_score for _, one in counted) / many,
        verdict=_verdict(inside, many, promised),
    )


def wilson(inside: int, many: int, *, level: float = LEVEL) -> Estimate:
    """The share and its interval, from `inside` of `many`, which is at least one."""
    share, z = inside / many, NormalDist().inv_cdf((1.0 + level) / 2.0)
    middle = (inside + z * z / 2.0) / (many + z * z)
    half = z * math.sqrt(many) / (many + z * z) * math.sqrt(share * (1.0 - share) + z * z / (4.0 * many))
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))


def _verdict(inside: int, many: int, promised: float) -> str:
    if _chance(range(inside + 1), many, promised) < RARE:
        return NARROW
    return WIDE if _chance(range(inside, many + 1), many, promised) < RARE else HOLDS


def _chance(counts: range, many: int, share: float) -> float:
    """How likely one of these counts is, of so many that each hold with this share, which is between 0 and 1."""
    log = math.lgamma
    return math.fsum(
        math.exp(log(many + 1) - log(k + 1) - log(many - k + 1) + k * math.log(share) + (many - k) * math.log1p(-share))
        for k in counts
    )
