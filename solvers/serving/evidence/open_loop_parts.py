"""What the parts of the model are worth on an open-loop run: its errors with one of them left out at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from solvers.cost.serving.coefficients import DEFAULT, Coefficients
from solvers.cost.serving.tables import StepCost
from solvers.serving.evidence.open_loop import Run, cost_of, errors_of, simulated
from solvers.serving.evidence.profiles import Profile, ProfileKey
from solvers.simulate.serving.case import Engine


@dataclass(frozen=True)
class Part:
    """One thing that the model minds, and what stays of it when it does not."""

    name: str
    prefix_caching: bool = True
    reserve_whole: bool = True
    host_hidden: bool = True
    gaps: bool = True
    slower_beside_chunks: bool = True


PARTS = (
    Part("preempted requests find their own blocks again", prefix_caching=False),
    Part("a prompt is admitted when its whole length fits", reserve_whole=False),
    Part("the host prepares the next step meanwhile", host_hidden=False),
    Part("gaps between kernels and before them", gaps=False),
    Part("decodes cost more beside a chunk", slower_beside_chunks=False),
)


def parts_of(
    run: Run, profiles: Mapping[ProfileKey, Profile], *, coefficients: Coefficients = DEFAULT
) -> dict[str, dict[str, float]]:
    """Errors of the run by the name of the part that is left out; "" names none."""
    found = {"": errors_of(simulated(run, cost_of(run, profiles, coefficients)), run)}
    for part in PARTS:
        changed = replace(run, engine=_engine(run.engine, part))
        cost = cost_of(changed, profiles, coefficients if part.gaps else _without_gaps(coefficients))
        found[part.name] = errors_of(simulated(changed, _cost(cost, part)), changed)
    return found


def _engine(engine: Engine, part: Part) -> Engine:
    caching, whole = engine.prefix_caching and part.prefix_caching, engine.reserve_whole and part.reserve_whole
    return replace(engine, prefix_caching=caching, reserve_whole=whole)


def _cost(cost: StepCost, part: Part) -> StepCost:
    changed = cost if part.host_hidden else cost._replace(overlapped=False)
    return changed if part.slower_beside_chunks else changed._replace(mixed_decode=1.0)


def _without_gaps(coefficients: Coefficients) -> Coefficients:
    return replace(coefficients, graph_gap_s=0.0, eager_gap_s=0.0, step_s=0.0)
