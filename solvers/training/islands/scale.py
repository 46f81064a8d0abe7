"""What a plan is measured by, as a line over its step time: so that a bound on the time bounds the objective."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from solvers.cost.price import SECONDS_PER_HOUR
from solvers.training.islands.spec import IslandsSpec

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
    limit, name = _limit(spec, usd_per_s)
    return Scale(
        gpus=gpus,
        usd_per_s=usd_per_s,
        offset=SECONDS_A_GPU * gpus if spec.objective == "fewest_gpus" else 0.0,
        weight=usd_per_s if spec.objective == "cost" else 1.0,
        limit_s=limit,
        limit=name,
    )


def steps_of(spec: IslandsSpec) -> float | None:
    """Optimizer steps that the spec's tokens take."""
    return spec.tokens / (spec.global_batch * spec.sequence_length) if spec.tokens else None


def _limit(spec: IslandsSpec, usd_per_s: float) -> tuple[float, str]:
    limits, steps = spec.constraints, steps_of(spec) or inf
    found = [(inf, "")]
    if limits.max_step_time is not None:
        found.append((limits.max_step_time, "max_step_time"))
    if limits.deadline is not None:
        found.append((limits.deadline / steps, "deadline"))
    if limits.budget is not None and usd_per_s:
        found.append((limits.budget / steps / usd_per_s, "budget"))
    return min(found)
