"""The answer to a case: every part of the plan in its place, and what stands beside it."""

from solvers.base import Estimate, Progress, Solved
from solvers.documents import Document
from solvers.laws.kinds import KINDS
from solvers.scaling.case import Case
from solvers.scaling.explain.why import explanation
from solvers.scaling.forecast.answer import NOTHING, forecast, loss_of
from solvers.scaling.forecast.others import alternatives, frontier
from solvers.scaling.forecast.parts import estimate, of_range
from solvers.scaling.forecast.recipes import recipes
from solvers.scaling.small import big_run
from solvers.scaling.warnings import warnings
from solvers.scaling.words import label


def answered(case: Case, small: Document, progress: Progress) -> Solved:
    """The plan, its estimates, others beside it, and why."""
    known, place = case.known, case.place
    loss = loss_of(known, place) if known is not None else None
    plan = plan_of(case, small, loss)
    estimates = estimates_of(case, plan, loss)
    progress(stage="asking again", fraction=0.8, candidates=len(known.runs) if known is not None else 0)
    return Solved(
        plan=plan,
        estimates={name: estimate(value) for name, value in estimates.items()},
        alternatives=alternatives(known, place, plan["laws"]) if known is not None else [],
        frontier=frontier(known, place) if known is not None else [],
        explanation=explanation(case, plan, estimates),
        search=searched(case),
        warnings=tuple(warnings(case)),
    )


def plan_of(case: Case, small: Document, loss: Document | None) -> Document:
    """The plan of the result document."""
    place, known = case.place, case.known
    rungs = [(rung["params"], rung["tokens"]) for rung in (small["ladder"] or {"rungs": []})["rungs"]]
    return {
        "label": label(place.params, place.tokens),
        "target": target(case),
        **(forecast(known, place) if known is not None else {**NOTHING, "optimum": _believed(case)}),
        "recipes": _recipes(case),
        **big_run(case, loss=loss["value"] if loss is not None else None, sizes=rungs),
        **small,
    }


def _recipes(case: Case) -> Document | None:
    """The recipes beside one another, where there are several."""
    if case.recipes is None or case.chosen is None:
        return None
    return recipes(case.recipes, case.chosen.places, best=case.chosen.best, seed=case.spec.seed)


def target(case: Case) -> Document:
    """The big run."""
    place, hardware, known = case.place, case.spec.hardware, case.known
    return {
        "params": place.params,
        "tokens": place.tokens,
        "flops": place.flops,
        "tokens_per_param": place.tokens / place.params,
        "counts": case.counts,
        "loss_unit": case.loss_unit,
        "how": place.how,
        "unique_tokens": place.unique,
        "served_tokens": place.served or None,
        "epochs": place.epochs,
        **{name: known.setting.get(name) if known is not None else None for name in KINDS},
        "gpu_hours": case.hours.value if case.hours is not None else None,
        "gpus": hardware.gpus if hardware is not None else None,
    }


def estimates_of(case: Case, plan: Document, loss: Document | None) -> dict[str, Document]:
    """What is told with an interval."""
    found, training = plan["optimum"], plan["training"]
    return {
        **({"loss": loss} if loss is not None else {}),
        **({name: found[name] for name in ("params", "tokens")} if found is not None else {}),
        **({"gpu_hours": _ends(case.hours)} if case.hours is not None else {}),
        "learning_rate": training["learning_rate"],
        "batch_tokens": training["batch_tokens"],
        "loss_excess_share": training["loss_excess"],
    }


def searched(case: Case) -> Document:
    """How many runs were read, how many laws were fitted to, and why not to the others."""
    known = case.known
    if known is None:
        return {"candidates": 0, "feasible": 0, "rejected": {}}
    return {"candidates": len(known.imported.runs), "feasible": len(known.runs), "rejected": _rejected(case)}


def _rejected(case: Case) -> dict[str, int]:
    """Runs that no law is fitted to, by the first reason."""
    if case.known is None:
        return {}
    parts = list(case.recipes.known.values()) if case.recipes is not None else [case.known]
    seen = {place for part in parts for place in part.places.tolist()}
    found: dict[str, int] = {}
    for flag in case.known.imported.flags:
        if flag.run not in seen:
            seen.add(flag.run)
            found[flag.code] = found.get(flag.code, 0) + 1
    return dict(sorted(found.items()))


def _believed(case: Case) -> Document | None:
    """The best size by what is believed before any run."""
    best = case.place.found
    if best is None:
        return None
    return {
        "params": of_range(best.params),
        "tokens": of_range(best.tokens),
        "at_edge": best.at_edge,
        "unbounded_by_data": None,
        "without_serving": None,
    }


def _ends(found: Estimate) -> Document:
    return {"value": found.value, "low": found.low, "high": found.high}
