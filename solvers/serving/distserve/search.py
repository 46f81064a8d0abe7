"""The best placement: by simulating all of them, and by looking at few.

The search bounds every placement, drops those whose bound is below what is already served, takes the rest in the order
of the static expectation, simulates each whose bound allows it, and stops once PATIENCE of them in a row brought
nothing and what is left is expected to reach less than SHARE of the best. Goodput is for a GPU; ties go to fewer GPUs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from solvers.serving.distserve.deployments import disaggregated
from solvers.serving.distserve.goodput import attained, goodput
from solvers.serving.distserve.layouts import Placement
from solvers.serving.distserve.profile import Opt
from solvers.serving.distserve.static import Static
from solvers.serving.distserve.workload import Workload

PATIENCE = 12
SHARE = 0.8


@dataclass(frozen=True)
class Scored:
    """A placement and its goodput, requests a second and GPU."""

    placement: Placement
    goodput_per_gpu: float


@dataclass(frozen=True)
class Found:
    """The best one, how many were bounded away, never looked at, and simulated."""

    best: Scored
    candidates: int
    simulated: int


def exhaustive(model: Opt, space: Sequence[Placement], work: Workload) -> list[Scored]:
    """Every placement that fits, simulated; best first."""
    static = Static(model, work)
    scored = [Scored(placement, score(model, placement, work, static)) for placement in space]
    return sorted(scored, key=lambda one: (-one.goodput_per_gpu, one.placement.gpus, one.placement))


def score(model: Opt, placement: Placement, work: Workload, static: Static, *, known: float = 0.0) -> float:
    """Goodput for a GPU: 0 where it does not fit, or where it does not serve more than `known` does."""
    bound = static.rates(placement).bound
    if bound <= known * placement.gpus:
        return 0.0
    deployment = disaggregated(model, placement)
    least = known * placement.gpus
    if known and attained(deployment, work, rate=least) < work.slo.attainment:
        return 0.0
    return goodput(deployment, work, least=least, most=bound) / placement.gpus


def search(model: Opt, space: Sequence[Placement], work: Workload) -> Found:
    """The best placement that the search finds, and what it cost."""
    static = Static(model, work)
    order = sorted(space, key=lambda placement: -static.rates(placement).expected / placement.gpus)
    best, idle, simulated = Scored(order[0], 0.0), 0, 0
    for placement in order:
        rates = static.rates(placement)
        if idle >= PATIENCE and rates.expected / placement.gpus < SHARE * best.goodput_per_gpu:
            break
        if rates.bound <= best.goodput_per_gpu * placement.gpus:
            continue
        simulated, idle = simulated + 1, idle + 1
        found = score(model, placement, work, static, known=best.goodput_per_gpu)
        if found > best.goodput_per_gpu:
            best, idle = Scored(placement, found), 0
    return Found(best, len(space), simulated)
