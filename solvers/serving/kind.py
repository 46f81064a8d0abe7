"""The kind that the registry knows: a spec is read, checked and exported without what solves it.

The simulator's compiler takes longer to import than all of that takes together, so it is imported by the first solve.
"""

from collections.abc import Sequence

from solvers.base import Foretold, Infeasible, Kind, Progress, Solved
from solvers.documents import Document
from solvers.serving.exports import EXPORTS
from solvers.serving.spec import ServingSpec


def solve(spec: ServingSpec, progress: Progress) -> Solved | Infeasible:
    """The best plan and everything beside it, or what stands in the way."""
    from solvers.serving.solve import solve as answer  # noqa: PLC0415 -- slow import

    return answer(spec, progress)


def calibrated_on(spec: ServingSpec) -> str:
    """What the answer is calibrated on."""
    from solvers.serving.own_points import name_of  # noqa: PLC0415 -- slow import

    return name_of(spec)


def experiments(spec: ServingSpec, result: Document, capability: Document, budget_s: float) -> Document:
    """The jobs on a node of this capability from which most is learned of the plan's steps."""
    from solvers.serving.own.choose import experiments as chosen  # noqa: PLC0415 -- slow import

    return chosen(spec, result, capability, budget_s)


def learn(spec: ServingSpec, measurements: Sequence[Document]) -> Document:
    """An own calibration from measurements of one device and stack."""
    from solvers.serving.own.learn import learn as learned  # noqa: PLC0415 -- slow import

    return learned(spec, measurements)


def foretell(
    calibration: Document | None, measured: Sequence[tuple[Document, Document]]
) -> list[tuple[Foretold | str, ...]]:
    """What rows of measurements should have taken by an own calibration, or by the published one."""
    from solvers.serving.own.foretold import foretold  # noqa: PLC0415 -- slow import

    return foretold(calibration, measured)


def prepare() -> None:
    """Load the compiled simulator and all that solving imports."""
    from solvers.serving.solve import prepare as load  # noqa: PLC0415 -- slow import

    load()


KIND = Kind(
    name="serving",
    title="Serving plan",
    summary="How many replicas, in which layout, serve the traffic within its latencies at least cost.",
    version=1,
    spec=ServingSpec,
    solve=solve,
    calibration=calibrated_on,
    exports=EXPORTS,
    prepare=prepare,
    experiments=experiments,
    learn=learn,
    foretell=foretell,
)
