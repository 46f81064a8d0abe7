"""No plan: a loss that no compute reaches, a big run that does not fit, or a budget that pays no small run."""

from solvers.base import Infeasible
from solvers.documents import Document
from solvers.scaling.case import Case, NoPlace
from solvers.scaling.forecast.answer import loss_of
from solvers.scaling.forecast.known import Known, foretold
from solvers.scaling.forecast.others import plan_of
from solvers.scaling.forecast.parts import of_interval
from solvers.scaling.forecast.place import least as least_of
from solvers.scaling.forecast.recipes import shown
from solvers.scaling.ladder.answer import Unpaid
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.words import loss as said

# A budget that is asked for instead is larger than the smallest that pays a run by this share, for rounding.
ROOM = 1.01


def out_of_reach(spec: ScalingSpec, found: NoPlace) -> Infeasible:
    """Why there is no big run."""
    if found.problem == "loss" and found.known is not None:
        return _loss(spec, found.known, found.recipe)
    gpus = spec.hardware.gpus if spec.hardware is not None else 0
    return Infeasible(
        reason=f"The model for {spec.target.gpu_hours:,.0f} GPU-hours does not fit on {gpus:,} GPUs.",
        binding=("/hardware",),
        nearest=None,
        smallest_change={"message": "Give more nodes or GPUs of more memory, or fewer GPU-hours.", "at": "/hardware"},
        search=_searched(found.known),
    )


def _loss(spec: ScalingSpec, known: Known, recipe: str | None) -> Infeasible:
    """How near any compute comes, of several recipes that of the nearest, and the loss to ask for instead."""
    asked, unit = spec.target, known.runs.loss_unit
    found = least_of(known, asked)
    loss = of_interval(foretold(known, found.params, found.tokens, unique=asked.unique_tokens))
    wanted, least = float(asked.loss or 0.0), float(loss["value"])
    limited = asked.unique_tokens is not None
    whose = f", of the recipe '{shown(recipe)}'" if recipe is not None else ""
    reason = f"No compute reaches a loss of {said(wanted, unit)}: by these runs the least is {said(least, unit)}{whose}"
    return Infeasible(
        reason=f"{reason} with the tokens that there are." if limited else f"{reason}.",
        binding=("/target/loss", *(("/target/unique_tokens",) if limited else ())),
        nearest={
            "plan": plan_of(float(found.params[0]), float(found.tokens[0])),
            "estimates": {"loss": loss},
            "needs": [{"constraint": "loss", "message": f"{said(least, unit)} against {said(wanted, unit)}"}],
        },
        smallest_change={"message": f"Ask for a loss above {said(least, unit)}.", "at": "/target/loss", "value": least},
        search=_searched(known),
    )


def unpaid(case: Case, found: Unpaid) -> Infeasible:
    """What the cheapest run that says anything costs."""
    place, problem = case.place, found.problem
    change: Document = {"message": problem.hint, "at": problem.at}
    if found.smallest is not None:
        change["value"] = found.smallest * ROOM
    loss = {"estimates": {"loss": loss_of(case.known, place)}} if case.known is not None else {}
    return Infeasible(
        reason=problem.message,
        binding=(problem.at,),
        nearest={
            "plan": plan_of(place.params, place.tokens),
            **loss,
            "needs": [{"constraint": problem.at, "message": problem.hint}],
        },
        smallest_change=change,
        search=_searched(case.known),
    )


def _searched(known: Known | None) -> Document:
    return {"candidates": len(known.imported.runs) if known is not None else 0, "feasible": 0, "rejected": {}}
