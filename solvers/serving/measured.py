"""What the trials of a plan say in numbers: percentiles, rates, money, energy, each with its interval.

value      over the requests of all seeds, with the steps as the calibration has them
low, high  the seeds' spread (80 %, by the t distribution) and the same trials with steps as slow and as fast as
the calibration allows, as independent of one another
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solvers.base import Estimate
from solvers.serving.attainment import Latencies
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
    """The plan's trials at one rate: as it is, with fast steps, with slow steps."""

    plain: Trial
    faster: Trial
    slower: Trial

    def estimate(self, of: Of) -> Estimate:
        """A quantity of each seed, with its interval."""
        seeds = [of(one) for one in self.plain.seeds]
        value = float(np.mean(seeds))
        ends = sorted(float(np.mean([of(one) for one in trial.seeds])) for trial in (self.faster, self.slower))
        half = half_width(seeds)
        low = value - math.hypot(half, max(value - ends[0], 0.0))
        high = value + math.hypot(half, max(ends[1] - value, 0.0))
        return Estimate(value, max(low, 0.0), high)


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
        f"{name}_p{100 * share:g}_s": trials.estimate(percentile(name, share)) for name in LATENCIES for share in shares
    }
    attained = trials.estimate(lambda one: float(one.good(slo).mean()))
    return {"attainment_share": Estimate(attained.value, attained.low, min(attained.high, 1.0)), **found}


def latency_document(trials: Look, slo: Slo) -> dict[str, object]:
    """The distribution of each latency: quantiles with a band."""
    limits = slo.limits
    return {name: _distribution(trials, name, limits.get(name)) for name in LATENCIES}


def _distribution(trials: Look, name: str, limit: float | None) -> dict[str, object]:
    told = [trials.estimate(percentile(name, share)) for share in QUANTILES]
    values = np.maximum.accumulate([one.value for one in told]).tolist()
    low = np.maximum.accumulate([one.low for one in told]).tolist()
    high = np.maximum.accumulate([one.high for one in told]).tolist()
    return {
        "slo_s": limit,
        "quantiles": [[share, value] for share, value in zip(QUANTILES, values, strict=True)],
        "low": low,
        "high": high,
    }
