"""The kind that the registry knows: a spec is read and checked without what solves it."""

from solvers.base import Infeasible, Kind, Progress, Solved
from solvers.documents import Document
from solvers.errors import Problem
from solvers.scaling.exports import EXPORTS
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.stated import stated


def solve(spec: ScalingSpec, progress: Progress) -> Solved | Infeasible:
    """The forecast of the big run and the small runs to make, or what stands in the way."""
    from solvers.scaling.solve import solve as answer  # noqa: PLC0415 -- slow import

    return answer(spec, progress)


def calibrated_on(spec: ScalingSpec) -> str:  # noqa: ARG001 -- the same for all
    """What priors and intervals have learned from: families of runs of others."""
    return "families"


def prepare() -> None:
    """Load all that solving imports."""
    from solvers.scaling.solve import prepare as load  # noqa: PLC0415 -- slow import

    load()


def compared(plan: Document) -> Document:
    """The target and the ladder, beside the simple values."""
    target, ladder = plan["target"], plan["ladder"]
    found = {"target": {name: target[name] for name in ("params", "tokens", "flops", "counts", "loss_unit")}}
    if ladder is not None:
        found["ladder"] = {"runs": len(ladder["rungs"]), "flops": ladder["flops"], "gpu_hours": ladder["gpu_hours"]}
    return found


def noticed(spec: ScalingSpec) -> tuple[Problem, ...]:
    """What is guessed, assumed or left out of the runs that a spec brings."""
    return spec.runs.warnings if spec.runs else ()


KIND = Kind(
    name="scaling",
    title="Scaling plan",
    summary="What to train with a budget, what loss to expect, and which small runs to make to be sure.",
    version=1,
    spec=ScalingSpec,
    solve=solve,
    interval_level=0.9,
    prepare=prepare,
    breakdown="doubt_share",
    calibration=calibrated_on,
    compared=compared,
    forecast=stated,
    exports=EXPORTS,
    noticed=noticed,
)
