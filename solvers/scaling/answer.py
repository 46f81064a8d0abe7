"""The answer to a spec with runs: every part of the plan in its place, and what stands beside it."""

import numpy as np

from solvers.base import Progress, Solved
from solvers.documents import Document
from solvers.scaling.explain.why import explanation
from solvers.scaling.forecast.curves import fan, isoflops, surface
from solvers.scaling.forecast.doubt import doubt
from solvers.scaling.forecast.known import Known, foretold
from solvers.scaling.forecast.laws import laws
from solvers.scaling.forecast.optimum import optimum
from solvers.scaling.forecast.others import alternatives, frontier
from solvers.scaling.forecast.parts import estimate, of_interval
from solvers.scaling.forecast.place import Place
from solvers.scaling.forecast.runs import flagged, rows
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.warnings import warnings
from solvers.scaling.words import label


def answered(spec: ScalingSpec, known: Known, place: Place, progress: Progress) -> Solved:
    """The plan, its estimates, others beside it, and why."""
    at = np.array([place.params]), np.array([place.tokens])
    loss = of_interval(foretold(known, *at, unique=place.unique))
    plan = plan_of(spec, known, place)
    estimates = {"loss": loss, **sizes(plan)}
    progress(stage="asking again", fraction=0.8, candidates=len(known.runs))
    return Solved(
        plan=plan,
        estimates={name: estimate(value) for name, value in estimates.items()},
        alternatives=alternatives(known, place, plan["laws"]),
        frontier=frontier(known, place),
        explanation=explanation(spec, known, place, plan, estimates),
        search={"candidates": len(known.imported.runs), "feasible": len(known.runs), "rejected": _rejected(known)},
        warnings=tuple(warnings(spec, known, place)),
    )


def plan_of(spec: ScalingSpec, known: Known, place: Place) -> Document:
    """The plan of the result document."""
    return {
        "label": label(place.params, place.tokens),
        "target": target(spec, place, counts=known.runs.counts, loss_unit=known.runs.loss_unit),
        "model": None,
        "training": None,
        "laws": laws(known, place),
        "doubt": doubt(known, place),
        "fan": fan(known, place),
        "isoflops": isoflops(known, place),
        "surface": surface(known, place),
        "runs": rows(known, place),
        "flagged": flagged(known),
        "optimum": optimum(known, place),
        "recipes": None,
        "tuning": None,
        "ladder": None,
        "next": None,
        "curve": [],
        "stop": None,
    }


def target(spec: ScalingSpec, place: Place, *, counts: str, loss_unit: str) -> Document:
    """The big run."""
    return {
        "params": place.params,
        "tokens": place.tokens,
        "flops": place.flops,
        "tokens_per_param": place.tokens / place.params,
        "counts": counts,
        "loss_unit": loss_unit,
        "how": place.how,
        "unique_tokens": place.unique,
        "served_tokens": place.served or None,
        "epochs": place.epochs,
        "gpu_hours": spec.target.gpu_hours,
        "gpus": spec.hardware.gpus if spec.hardware is not None else None,
    }


def sizes(plan: Document) -> Document:
    """Parameters and tokens as estimates, where they were found."""
    found = plan["optimum"]
    return {} if found is None else {"params": found["params"], "tokens": found["tokens"]}


def _rejected(known: Known) -> dict[str, int]:
    """Runs that laws are not fitted to, by the first reason."""
    fitted = set(known.places.tolist())
    found: dict[str, int] = {}
    seen: set[int] = set()
    for flag in known.imported.flags:
        if flag.run not in fitted and flag.run not in seen:
            seen.add(flag.run)
            found[flag.code] = found.get(flag.code, 0) + 1
    return dict(sorted(found.items()))
