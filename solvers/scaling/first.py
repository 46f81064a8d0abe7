"""The answer to a spec without runs: a first ladder, by what other families of runs teach. No loss is foretold."""

from solvers.base import Progress, Solved
from solvers.documents import Document
from solvers.errors import Problem
from solvers.laws.predict.optimum import Budget, optimum
from solvers.scaling.answer import sizes, target
from solvers.scaling.forecast.believed import believed
from solvers.scaling.forecast.parts import estimate, of_range
from solvers.scaling.forecast.place import How, Place
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.words import headline, label

NOTHING: Document = {
    "laws": [], "doubt": None, "fan": None, "isoflops": [], "surface": None, "runs": [], "flagged": [],
    "recipes": None, "tuning": None, "ladder": None, "next": None, "curve": [], "stop": None,
}  # fmt: skip


def first(spec: ScalingSpec, progress: Progress) -> Solved:
    """The big run by what is believed, and the first small runs."""
    progress(stage="asking what other families teach", fraction=0.2, candidates=0)
    place = place_believed(spec)
    plan = plan_of(spec, place)
    return Solved(
        plan=plan,
        estimates={name: estimate(value) for name, value in sizes(plan).items()},
        alternatives=[],
        frontier=[],
        explanation={
            "headline": headline(plan, {}),
            "binding": ["No runs are known: a forecast needs them."],
            "breakdown": [],
            "sensitivity": [],
            "options": [],
        },
        search={"candidates": 0, "feasible": 0, "rejected": {}},
        warnings=(
            Problem(
                "no_runs",
                "No runs were given: the size is what other families of runs teach, and no loss is foretold.",
                "/runs",
                "Make the first runs, then ask again with them.",
            ),
        ),
    )


def place_believed(spec: ScalingSpec) -> Place:
    """The target by what is believed before any run."""
    asked = spec.target
    served, unique = asked.served_tokens or 0.0, asked.unique_tokens
    if asked.params is not None and asked.tokens is not None:
        return Place(asked.params, asked.tokens, "given", served, unique)
    flops = asked.flops or 0.0
    found = optimum(believed(flops, spec.options.laws), Budget(flops, served, unique), seed=spec.seed)
    how: How = "with_serving" if served else "compute_optimal"
    return Place(found.params.value, found.tokens.value, how, served, unique, found, flops)


def plan_of(spec: ScalingSpec, place: Place) -> Document:
    """The plan, with nothing that runs would have to say."""
    found = place.found
    best = (
        None
        if found is None
        else {
            "params": of_range(found.params),
            "tokens": of_range(found.tokens),
            "at_edge": found.at_edge,
            "unbounded_by_data": None,
            "without_serving": None,
        }
    )
    return {
        **NOTHING,
        "label": label(place.params, place.tokens),
        "target": target(spec, place, counts=spec.target.counts or "total", loss_unit="nats/token"),
        "model": None,
        "training": None,
        "optimum": best,
    }
