"""What the trials of a plan say in numbers: percentiles, rates, money, energy, each with its interval.

value      over the requests of all seeds, with the steps as the calibration has them
low, high  the seeds' spread (80 %, by the t distribution), the same trials with steps as slow and as fast as the
           calibration allows, and with first tokens as early and as late, as independent of one another
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from solvers.base import Estimate
from solvers.serving.attainment import Latencies, pooled
from solvers.serving.goodput import T80, Z80
from solvers.serving.slo import Slo
from solvers.serving.trial import Trial

Floats = npt.NDArray[np.float64]

PERCENTILES = (0.5, 0.9, 0.99)
QUANTILES = (
    0.01, 0.02, 0.05, *(round(0.1 + 0.05 * step, 2) for step in range(17)), 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99,
    0.995, 0.999,
)  # fmt: skip
LATENCIES = ("ttft", "tpot", "e2e")

Of = Callable[[Latencies], float]


@dataclass(frozen=True)
class Look:
    """The plan's trials at one rate: as it is, with fast and slow steps; and first tokens over their value, at most.

    Trials with other steps have the first of the plain one's seeds.
    """

    plain: Trial
    faster: Trial
    slower: Trial
    first: tuple[float, float] = (1.0, 1.0)

    @cached_property
    def _pooled(self) -> tuple[Latencies, list[tuple[Latencies, Latencies, Latencies]]]:
        """All requests; and beside what it is compared with, each pair of ends."""
        plain, some = pooled(self.plain.seeds), pooled(self.plain.seeds[: len(self.faster.seeds)])
        steps = (some, pooled(self.faster.seeds), pooled(self.slower.seeds))
        return plain, [steps, (plain, plain.later(self.first[0]), plain.later(self.first[1]))]

    def estimate(self, of: Of, *, factors: bool = False) -> Estimate:
        """A quantity of all requests, with its interval. `factors`: what moves it multiplies, as it does seconds."""
        plain, pairs = self._pooled
        value, seeds = of(plain), [of(one) for one in self.plain.seeds]
        ends = [(of(base), of(low), of(high)) for base, low, high in pairs]
        if not factors or min(value, *seeds, *(one for three in ends for one in three)) <= 0.0:
            down, up = _joined(seeds, ends)
            return Estimate(value, max(value - down, 0.0), value + up)
        down, up = _joined(np.log(seeds).tolist(), np.log(ends).tolist())
        return Estimate(value, value * math.exp(-down), value * math.exp(up))


def _joined(seeds: Sequence[float], ends: Sequence[Sequence[float]]) -> tuple[float, float]:
    """How far down and up, of the seeds' spread and of each (compared with, one end, the other), independent."""
    half = half_width(seeds)
    moved = [sorted((low - base, high - base)) for base, low, high in ends]
    return (
        math.hypot(half, *(min(one[0], 0.0) for one in moved)),
        math.hypot(half, *(max(one[1], 0.0) for one in moved)),
    )


def half_width(values: Sequence[float]) -> float:
    """Half of the 80 % interval of the mean of few values."""
    if len(values) < 2:
        return 0.0
    return T80.get(len(values) - 1, Z80) * float(np.std(values, ddof=1)) / math.sqrt(len(values))


def percentile(name: str, share: float) -> Of:
    """The quantile of a latency."""

    def of(one: Latencies) -> float:
        seconds: Floats = getattr(one, f"{name}_s")
        return float(np.quantile(seconds, share))

    return of


def latency_estimates(trials: Look, slo: Slo) -> dict[str, Estimate]:
    """Percentiles of each latency, the asked one among them, and the share of requests that keep to all limits."""
    shares = sorted({*PERCENTILES, slo.attainment})
    found = {
        f"{name}_p{100 * share:g}_s": trials.estimate(percentile(name, share), factors=True)
        for name in LATENCIES
        for share in shares
    }
    attained = trials.estimate(lambda one: float(one.good(slo).mean()))
    return {"attainment_share": Estimate(attained.value, attained.low, min(attained.high, 1.0)), **found}


def latency_document(trials: Look, slo: Slo) -> dict[str, object]:
    """The distribution of each latency: quantiles with a band."""
    limits = slo.limits
    return {name: _distribution(trials, name, limits.get(name)) for name in LATENCIES}


def _distribution(trials: Look, name: str, limit: float | None) -> dict[str, object]:
    told = [trials.estimate(percentile(name, share), factors=True) for share in QUANTILES]
    values = np.maximum.accumulate([one.value for one in told]).tolist()
    low = np.maximum.accumulate([one.low for one in told]).tolist()
    high = np.maximum.accumulate([one.high for one in told]).tolist()
    return {
        "slo_s": limit,
        "quantiles": [[share, value] for share, value in zip(QUANTILES, values, strict=True)],
        "low": low,
        "high": high,
    }
