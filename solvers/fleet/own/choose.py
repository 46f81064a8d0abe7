"""Which jobs on an attached node teach most of a fleet's capacities there: serving's choice, aimed by what is spent."""

from solvers.calibration.own.offered import attached
from solvers.documents import Document
from solvers.fleet.own.planned import aims
from solvers.fleet.spec import FleetSpec
from solvers.serving.own.choose import of_aims


def experiments(spec: FleetSpec, result: Document, capability: Document, budget_s: float) -> Document:
    """The jobs, in the order in which they teach most; what is expected of them. SpecError: nothing can be chosen."""
    node = attached(capability)
    return of_aims(aims(spec, result, node.name), node, budget_s)
