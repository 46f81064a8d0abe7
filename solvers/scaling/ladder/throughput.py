"""How fast members of a family train on the project's hardware, and what runs of them take in GPU-hours.

A few sizes are planned, each on the numbers of GPUs that its runs may want. Between them the share of peak speed that
is used, u, is a straight line in ln N, and with the member's own FLOP of a token F(N)
    tokens/s = u(N) GPUs peak / F(N)        GPU-hours of D tokens = D GPUs / (3,600 tokens/s)
Of the numbers of GPUs on which a run ends in a sensible time it gets the one with the fewest GPU-hours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solvers.base import Estimate
from solvers.catalogue.equal_nodes import Hardware
from solvers.cost.price import SECONDS_PER_HOUR
from solvers.documents import Document
from solvers.scaling.ladder.family import Family, shaped
from solvers.scaling.ladder.speed import Speed, Work, choices, flops_per_token, speed

# A run of a ladder should end within so many hours: a weekend (estimate).
WALL_HOURS = 72.0
# Sizes that are planned are at most this factor apart, and at most so many.
APART, MOST = 4.0, 10
# A size is as fast as the plan of another that is so near; further off it has to lie between two plans.
NEAR = 1.5
# Numbers of GPUs between two that are planned for one size differ by this factor at least, unless memory wants more.
WIDER = 4

Batch = Callable[[float], int]


@dataclass(frozen=True)
class Span:
    """N from `least` to `most`; those up to `paid` are planned, among sizes that the whole span decides.

    So what a size costs does not change with what a budget pays.
    """

    least: float
    paid: float
    most: float


@dataclass(frozen=True)
class Planned:
    """A size, N in the caller's convention, and its plan; none where nothing fits on so many GPUs."""

    params: float
    gpus: int
    found: Speed | None


@dataclass(frozen=True, eq=False)
class Throughput:
    """The plans, and the family and hardware that they are of."""

    family: Family
    hardware: Hardware
    work: Work
    counts: str
    planned: tuple[Planned, ...]

    @cached_property
    def gpus(self) -> tuple[int, ...]:
        """Numbers of GPUs on which something was planned that fits."""
        return tuple(sorted({one.gpus for one in self.planned if one.found}))

    def rate(self, params: float, gpus: int) -> Estimate | None:
        """Tokens/s on `gpus` GPUs; None where no plan around this size fits on them."""
        curve = self._curve(gpus, params)
        if curve is None:
            return None
        places, shares = curve
        used = np.exp([np.interp(np.log(params), places, column) for column in shares])
        member = shaped(self.family, params, self.counts)
        each = flops_per_token(member, self.hardware, self.work) * params / member.params(self.counts)
        return Estimate(*(float(one) / each for one in used))

    def choice(self, params: float, tokens: float, *, wall_hours: float = WALL_HOURS) -> tuple[int, Estimate] | None:
        """GPUs of a run, and tokens/s: of those in time the fewest GPU-hours, or the fastest; None if none fit."""
        found = self.options(params)
        in_time = [one for one in found if tokens / one[1].value <= wall_hours * SECONDS_PER_HOUR]
        if in_time:
            return max(in_time, key=lambda one: (one[1].value / one[0], -one[0]))
        return max(found, key=lambda one: one[1].value, default=None)

    def options(self, params: float) -> tuple[tuple[int, Estimate], ...]:
        """Every number of GPUs on which a size fits, with its tokens/s."""
        return tuple((gpus, rate) for gpus in self.gpus if (rate := self.rate(params, gpus)))

    def mfu(self, params: float, gpus: int, tokens_per_s: float) -> float:
        """Share of the GPUs' peak speed that training at this rate uses."""
        member = shaped(self.family, params, self.counts)
        peak = self.hardware.node.gpu.peak(self.work.precision)
        return tokens_per_s * flops_per_token(member, self.hardware, self.work) / (gpus * peak)

    def document(self) -> list[Document]:
        """The plans that fit, as the answer shows them."""
        return [
            {
                "params": one.params,
                "gpus": one.gpus,
                "nodes": one.found.nodes,
                "tokens_per_s": one.found.tokens_per_s.value,
                "tokens_per_s_low": one.found.tokens_per_s.low,
                "tokens_per_s_high": one.found.tokens_per_s.high,
                "mfu": one.found.mfu,
                "plan": one.found.plan,
                "layout": one.found.layout,
            }
            for one in self.planned
            if one.found
        ]

    def _curve(self, gpus: int, params: float) -> tuple[list[float], list[list[float]]] | None:
        """Ln N and ln FLOP/s used (middle, low, high) around a size: between two plans that fit, or at one."""
        mine = [one for one in self.planned if one.gpus == gpus]
        above = next((one for one in mine if one.params >= params * (1.0 - 1e-9)), None)
        below = next((one for one in reversed(mine) if one.params <= params * (1.0 + 1e-9)), None)
        around = [one for one in (below, above) if one is not None]
        far = len(around) < 2 and (above is None or above.params > NEAR * params)
        if far or any(one.found is None for one in around):
            return None
        rows = [self._used(one) for one in around]
        return [float(np.log(one.params)) for one in around], [list(column) for column in zip(*rows, strict=True)]

    def _used(self, one: Planned) -> list[float]:
        rate = one.found.tokens_per_s if one.found else Estimate(0.0, 0.0, 0.0)
        each = flops_per_token(shaped(self.family, one.params, self.counts), self.hardware, self.work)
        return [float(np.log(value * each)) for value in (rate.value, rate.low, rate.high)]


def throughput(
    of: Family,
    hardware: Hardware,
    work: Work,
    *,
    counts: str,
    span: Span,
    batch: Batch,
    most_gpu_hours: float = np.inf,
    at: Sequence[tuple[float, int]] = (),
) -> Throughput:
    """Plans of sizes of a span on as many GPUs as runs of at most `most_gpu_hours` want.

    `at` are sizes and numbers of GPUs that are planned besides. `batch` gives the sequences of a step of a size.
    """
    found: dict[tuple[float, int], Speed | None] = {}
    for params in _planned_sizes(of, counts, span):
        member, sequences = shaped(of, params, counts), batch(params)
        for gpus in _wanted(hardware):
            found[params, gpus] = speed(member, hardware, work, gpus=gpus, batch=sequences)
            if found[params, gpus] and most_gpu_hours / gpus <= WALL_HOURS:
                break
    for params, gpus in at:
        member = shaped(of, params, counts)
        near = member.params(counts)
        found[near, gpus] = speed(member, hardware, work, gpus=gpus, batch=batch(near))
    planned = tuple(Planned(params, gpus, one) for (params, gpus), one in sorted(found.items()))
    return Throughput(of, hardware, work, counts, planned)


def _planned_sizes(of: Family, counts: str, span: Span) -> list[float]:
    """N of members evenly over the span, up to the first that is no smaller than what is paid."""
    least, most = span.least, span.most
    number = min(MOST, 1 + int(np.ceil(np.log(most / least) / np.log(APART) - 1e-9))) if most > least else 1
    wanted = np.geomspace(least, most, number) if number > 1 else np.array([least])
    kept = wanted[: 1 + int(np.searchsorted(wanted, span.paid * (1.0 - 1e-9)))]
    return sorted({shaped(of, float(one), counts).params(counts) for one in kept})


def _wanted(hardware: Hardware) -> list[int]:
    """Numbers of GPUs to plan on, rising, a factor of WIDER apart."""
    found: list[int] = []
    for gpus in choices(hardware):
        if not found or gpus >= WIDER * found[-1] or gpus in (hardware.node.gpus, hardware.gpus):
            found.append(gpus)
    return found
