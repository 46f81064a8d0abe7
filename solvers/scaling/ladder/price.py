"""What a run costs: GPU-hours on the project's hardware, or FLOP where there is none.

All runs of one size have the numbers of GPUs of the longest of them, so that what a token costs is one number for the
size, and the runs of a trunk are computed alike.
"""

from dataclasses import dataclass

import numpy as np

from solvers.base import Estimate
from solvers.catalogue.equal_nodes import Hardware
from solvers.cost.price import SECONDS_PER_HOUR
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.scaling.ladder.family import Family
from solvers.scaling.ladder.limits import Limits, largest
from solvers.scaling.ladder.sizes import tried
from solvers.scaling.ladder.speed import Work
from solvers.scaling.ladder.throughput import Batch, Span, Throughput, throughput


@dataclass(frozen=True, eq=False)
class Price:
    """`throughput` where there is hardware; the budget counts GPU-hours or FLOP."""

    in_gpu_hours: bool
    throughput: Throughput | None = None
    usd_per_gpu_hour: float | None = None

    @property
    def unit(self) -> str:
        """The budget's unit, in words."""
        return "GPU-hours" if self.in_gpu_hours else "FLOP"

    def flops(self, spend: float) -> float:
        """At most the FLOP that a spend buys: on hardware those of its peak speed."""
        if not self.in_gpu_hours or self.throughput is None:
            return spend
        gpu, work = self.throughput.hardware.node.gpu, self.throughput.work
        return spend * SECONDS_PER_HOUR * gpu.peak(work.precision)

    def pace(self, params: float, tokens: float) -> "Pace | None":
        """How runs of a size are run, the longest of them so many tokens; None where nothing fits."""
        if self.throughput is None:
            return Pace(params, None, None, in_gpu_hours=False)
        found = self.throughput.choice(params, tokens)
        if found is None:
            return None
        mfu = self.throughput.mfu(params, found[0], found[1].value)
        return Pace(params, found[0], found[1], mfu=mfu, in_gpu_hours=self.in_gpu_hours)


@dataclass(frozen=True)
class Pace:
    """Runs of one size: N, GPUs, tokens/s of all of them and share of their peak, where there is hardware."""

    params: float
    gpus: int | None
    tokens_per_s: Estimate | None
    in_gpu_hours: bool
    mfu: float | None = None

    def cost(self, tokens: float) -> float:
        """Of so many tokens, in the budget's unit."""
        hours = self.gpu_hours(tokens)
        return hours.value if self.in_gpu_hours and hours else self.flops(tokens)

    def flops(self, tokens: float) -> float:
        """6 N D, with N as the laws count it."""
        return FLOPS_PER_PARAMETER_TOKEN * self.params * tokens

    def gpu_hours(self, tokens: float) -> Estimate | None:
        """Of so many tokens, with the interval of the throughput."""
        if self.tokens_per_s is None or self.gpus is None:
            return None
        rate, gpus = self.tokens_per_s, float(self.gpus)
        ends = (rate.value, rate.high, rate.low)
        return Estimate(*(tokens * gpus / (SECONDS_PER_HOUR * one) for one in ends))


def priced(
    of: Family,
    hardware: Hardware | None,
    work: Work,
    within: Limits,
    *,
    counts: str,
    gpu_hours: float | None,
    batch: Batch,
) -> Price:
    """The price of runs within limits: a budget in GPU-hours, or else in FLOP; GPU-hours are told where they can be.

    The target itself is planned on all GPUs of the hardware besides; of sizes that are tried, the smallest at least,
    that a budget which pays none can be told what one costs.
    """
    if hardware is None:
        return Price(in_gpu_hours=False)
    peak = hardware.node.gpu.peak(work.precision)
    flops = np.inf if gpu_hours is None else gpu_hours * SECONDS_PER_HOUR * peak
    low = min(tried(of, counts, within), default=within.params)
    plans = throughput(
        of,
        hardware,
        work,
        counts=counts,
        span=Span(low, max(low, largest(within, flops)), within.params),
        batch=batch,
        most_gpu_hours=np.inf if gpu_hours is None else gpu_hours,
        at=((within.params, hardware.gpus),),
    )
    return Price(gpu_hours is not None, plans, hardware.usd_per_gpu_hour)
