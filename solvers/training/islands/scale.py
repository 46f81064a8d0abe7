"""What a plan is measured by, as a line over its step time: so that a bound on the time bounds the objective."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from solvers.cost.block import Job
from solvers.cost.price import SECONDS_PER_HOUR
from solvers.training.islands.kernel import uniform
from solvers.training.islands.spec import Island, IslandsSpec
from solvers.training.job import job_of
from solvers.training.run_length import saving, steps_of
from solvers.training.spec import TrainingSpec

# Any number of GPUs more is worse than any step time.
SECONDS_A_GPU = 1e9


@dataclass(frozen=True)
class Scale:
    """Objective = offset + weight x seconds, for one set of islands; a step may take `limit_s`, which `limit` sets.

    Islands are paid for as a whole, those left out not at all.
    """

    gpus: int
    usd_per_s: float
    offset: float
    weight: float
    limit_s: float
    limit: str

    def value(self, step_time_s: float) -> float:
        """The objective of a step."""
        return self.offset + self.weight * step_time_s


def scale_of(spec: IslandsSpec, islands: Iterable[int]) -> Scale:
    """The scale of plans that use these islands."""
    used = [spec.hardware.islands[island] for island in islands]
    gpus = sum(island.gpus for island in used)
    usd_per_s = sum(island.gpus * (island.usd_per_gpu_hour or 0.0) for island in used) / SECONDS_PER_HOUR
    factor = _factor(spec, used[0], gpus)
    limit, name = _limit(spec, usd_per_s, factor)
    return Scale(
        gpus=gpus,
        usd_per_s=usd_per_s,
        offset=SECONDS_A_GPU * gpus if spec.objective == "fewest_gpus" else 0.0,
        weight=usd_per_s * factor if spec.objective == "cost" else 1.0,
        limit_s=limit,
        limit=name,
    )


def as_one(spec: IslandsSpec, islands: Iterable[int]) -> tuple[TrainingSpec, Job]:
    """The question and the job on as many GPUs, for what depends on their number and price alone, not on their kind."""
    used = [spec.hardware.islands[island] for island in islands]
    gpus = sum(island.gpus for island in used)
    prices = [island.gpus * island.usd_per_gpu_hour for island in used if island.usd_per_gpu_hour is not None]
    price = sum(prices) / gpus if len(prices) == len(used) else None
    first = used[0]
    asked = uniform(spec, first.model_copy(update={"cost_usd_per_gpu_hour": price}))
    job = job_of(asked, nodes=first.nodes)
    return asked, replace(job, cluster=replace(job.cluster, gpus=gpus))


def _factor(spec: IslandsSpec, island: Island, gpus: int) -> float:
    """Seconds of the run for each second of its steps."""
    asked = uniform(spec, island)
    job = job_of(asked, nodes=island.nodes)
    return saving(asked, replace(job, cluster=replace(job.cluster, gpus=gpus))).overheads.factor


def _limit(spec: IslandsSpec, usd_per_s: float, factor: float) -> tuple[float, str]:
    """The longest step that keeps every limit, and which of them sets it; the run takes `factor` times its steps."""
    limits, steps = spec.constraints, (steps_of(spec) or inf) * factor
    found = [(inf, "")]
    if limits.max_step_time is not None:
        found.append((limits.max_step_time, "max_step_time"))
    if limits.deadline is not None:
        found.append((limits.deadline / steps, "deadline"))
    if limits.budget is not None and usd_per_s:
        found.append((limits.budget / steps / usd_per_s, "budget"))
    return min(found)
