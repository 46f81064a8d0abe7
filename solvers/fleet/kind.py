"""The kind that the registry knows: a spec is read, checked and exported without what solves it."""

from collections.abc import Sequence

from solvers.base import Infeasible, Kind, Progress, Solved
from solvers.documents import Document
from solvers.errors import Problem
from solvers.fleet.calibrated import beside, idle
from solvers.fleet.exports import EXPORTS
from solvers.fleet.spec import FleetSpec


def solve(spec: FleetSpec, progress: Progress) -> Solved | Infeasible:
    """The cheapest fleet and everything beside it, or what stands in the way."""
    from solvers.fleet.solve import solve as answer  # noqa: PLC0415 -- slow import

    return answer(spec, progress)


def calibrated_on(spec: FleetSpec) -> str:
    """What the capacities are calibrated on."""
    from solvers.fleet.why.calibrated import name_of  # noqa: PLC0415 -- slow import

    return name_of(spec)


def noticed(spec: FleetSpec) -> tuple[Problem, ...]:
    """Own calibrations that no offer has a use for."""
    return tuple(idle(spec.calibration, [one.gpu for one in spec.offers]))


def experiments(spec: FleetSpec, result: Document, capability: Document, budget_s: float) -> Document:
    """The jobs on a node of this capability from which most is learned of the plan's capacities on its GPU."""
    from solvers.fleet.own.choose import experiments as chosen  # noqa: PLC0415 -- slow import

    return chosen(spec, result, capability, budget_s)


def learn(spec: FleetSpec, measurements: Sequence[Document]) -> Document:
    """Serving's own calibration from measurements of one of the market's GPUs."""
    from solvers.fleet.own.learn import learn as learned  # noqa: PLC0415 -- slow import

    return learned(spec, measurements)


def rests_on(spec: FleetSpec, result: Document, device: str) -> float:
    """The share of what a plan spends on its replicas that it spends on a GPU of this name."""
    from solvers.fleet.own.planned import spent_on  # noqa: PLC0415 -- slow import

    return spent_on(spec, result, device)


def prepare() -> None:
    """Load the compiled simulator and all that solving imports."""
    from solvers.fleet.solve import prepare as load  # noqa: PLC0415 -- slow import

    load()


def compared(plan: Document) -> Document:
    """What a fleet buys and runs at the most, by name, and what its services attain."""
    return {
        "gpus": {one["name"]: one["gpus"]["most"] for one in plan["offers"]},
        "replicas": {one["name"]: one["replicas"]["most"] for one in plan["configurations"]},
        "attained": {one["name"]: one["attainment"]["value"] for one in plan["services"]},
    }


KIND = Kind(
    name="fleet",
    title="Fleet plan",
    summary="Which GPUs of which type, size and term carry all services within their latencies at least cost.",
    version=1,
    spec=FleetSpec,
    solve=solve,
    calibration=calibrated_on,
    taught_by="serving",
    exports=EXPORTS,
    prepare=prepare,
    breakdown="cost_usd_per_hour",
    told=("single_types", "entry_prices", "worth", "proof"),
    compared=compared,
    noticed=noticed,
    experiments=experiments,
    learn=learn,
    rests_on=rests_on,
    calibrated_by=lambda spec, learned: beside(spec.calibration, learned),
)
