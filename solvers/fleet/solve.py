"""Answer a fleet spec: what each GPU could carry, the cheapest mix, its proof by simulation, and why."""

from dataclasses import replace

from solvers.base import Infeasible, Progress, Solved
from solvers.documents import Document
from solvers.fleet.calibrated import idle
from solvers.fleet.plan import plan_document
from solvers.fleet.proof.case import Proof
from solvers.fleet.proof.prove import prove
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.calibrated import data_of
from solvers.fleet.why.explain import explained
from solvers.fleet.why.infeasible import why_infeasible
from solvers.fleet.why.overlooked import settled
from solvers.simulate.serving.engine import prepare

__all__ = ["prepare", "solve"]


def solve(spec: FleetSpec, progress: Progress) -> Solved | Infeasible:
    """The cheapest fleet that holds when simulated, or what stands in the way."""
    progress(stage="asking what each GPU carries", fraction=0.05, candidates=0)
    known, unused = supplies(spec), tuple(idle(spec.calibration, [one.gpu for one in spec.offers]))
    proof = None if known.unserved else prove(spec, known, progress=progress)
    if not isinstance(proof, Proof):
        return replace(why_infeasible(spec, known, proof, counted=counted(known), progress=progress), warnings=unused)
    answered = settled(Answered(spec, known, proof), progress=progress)
    known, proof = answered.supplies, answered.proof
    told = explained(answered, progress=progress)
    return Solved(
        plan=plan_document(spec, known, proof),
        estimates=told.estimates,
        alternatives=told.alternatives,
        frontier=told.frontier,
        dominated=told.dominated,
        explanation=told.explanation,
        search=counted(known) | {"optimality_gap": proof.mix.gap, "simulated_requests": proof.requests},
        warnings=(*told.warnings, *unused),
        data=data_of(spec),
    )


def counted(known: Supplies) -> Document:
    """What was looked at."""
    return {
        "candidates": len(known.ready) + sum(known.rejected.values()),
        "feasible": len(known.ready),
        "rejected": dict(sorted(known.rejected.items())),
    }
