"""Answer a training spec: search every layout, choose, explain."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from solvers.base import Infeasible, Kind, Progress, Solved
from solvers.documents import Document
from solvers.errors import Problem
from solvers.training import calibration
from solvers.training.calibration import is_beyond, slack_of
from solvers.training.estimates import estimates_of
from solvers.training.explore import refined_all
from solvers.training.exports import EXPORTS
from solvers.training.infeasible import infeasible
from solvers.training.islands import solve as islands
from solvers.training.islands.documents import only_island
from solvers.training.islands.kernel import uniform
from solvers.training.islands.spec import IslandsSpec
from solvers.training.job import usable_bytes
from solvers.training.own.choose import experiments
from solvers.training.own.foretold import foretold
from solvers.training.own.learn import learn
from solvers.training.plan import (
    Choice,
    breakdown_document,
    estimates_document,
    label,
    layout_document,
    plan_document,
    terms_of,
)
from solvers.training.pool import Pool, best, pareto, sample
from solvers.training.room import tight
from solvers.training.run_length import run_document, steps_of
from solvers.training.search import Fastest, Found, search
from solvers.training.sensitivity import sensitivity
from solvers.training.settle import Settled, settle
from solvers.training.space import size_of
from solvers.training.spec import TrainingSpec
from solvers.training.techniques import sides, verdicts
from solvers.training.timeline import timeline
from solvers.training.words import beside, beyond_context, binding, headline, simulated_words, why_not

ALTERNATIVES = 9
FRONT = 60
DOMINATED = 300
# Share of the prior's standard deviation that is left: above it a run is unlike all that were measured.
UNKNOWN = 0.75


def answer(spec: TrainingSpec | IslandsSpec, progress: Progress) -> Solved | Infeasible:
    """The answer on whatever hardware the spec names; one island alone is a cluster of equal nodes."""
    if not isinstance(spec, IslandsSpec):
        return solve(spec, progress)
    if len(spec.hardware.islands) > 1:
        return islands.solve(spec, progress)
    only = solve(uniform(spec, spec.hardware.islands[0]), progress)
    if isinstance(only, Infeasible):
        return replace(only, smallest_change=_in_the_island(only.smallest_change))
    return replace(only, plan={**only.plan, **only_island(spec, only.plan)})


def _in_the_island(change: Document | None) -> Document | None:
    """The change at the place where a spec with one island says it."""
    if change is None:
        return None
    moved = [{**one, "at": one["at"].replace("/hardware/", "/hardware/islands/0/")} for one in change["changes"]]
    return {**change, "changes": moved}


def solve(spec: TrainingSpec, progress: Progress) -> Solved | Infeasible:
    """The best layout and everything beside it, or what stands in the way."""
    settled, gap = _searched(spec, progress)
    pool, counted = settled.pool, _counted(settled.found, gap=gap)
    if pool is None:
        return infeasible(spec, settled.found, counted, progress)
    ranked = best(spec, pool, most=ALTERNATIVES + 1)
    chosen = pool.choice(ranked[0])
    progress(stage="explaining", fraction=0.8, candidates=int(counted["candidates"]), best=_best(chosen))
    return _solved(spec, pool, ranked, chosen, counted)


def _searched(spec: TrainingSpec, progress: Progress) -> tuple[Settled, float]:
    """One look at each number of nodes that the objective lets us use, and the optimality gap."""
    numbers, slack = node_counts(spec), slack_of(spec.calibration)
    plain: list[Found] = []
    too_few: list[Found] = []
    seen = 0
    for place, nodes in enumerate(numbers):

        def report(done: int, total: int, fastest: Fastest | None, place: int = place, before: int = seen) -> None:
            share = (place + done / total) / len(numbers)
            best = None if fastest is None else _best(fastest)
            progress(stage="searching layouts", fraction=0.8 * share, candidates=before + done, best=best)

        plain.append(search(spec, nodes=nodes, slack=slack, seen=report))
        seen += plain[-1].candidates
        if spec.objective == "fewest_gpus":
            settled, gap = _settled(spec, plain)
            too_few += settled.found
            if settled.pool or nodes == numbers[-1]:
                return replace(settled, found=tuple(too_few)), gap
            plain = []
    return _settled(spec, plain)


def _settled(spec: TrainingSpec, plain: list[Found]) -> tuple[Settled, float]:
    explored = refined_all(spec, plain)
    return settle(spec, explored.found, sides=sides, front=FRONT), explored.optimality_gap


def node_counts(spec: TrainingSpec) -> list[int]:
    """Numbers of nodes to search: all of them, or for cost, energy and fewest GPUs also fewer, rising.

    Up to 32 nodes each number; beyond that those that divide the cluster, and powers of two with halves between.
    """
    most = spec.hardware.nodes
    if spec.objective not in ("cost", "energy", "fewest_gpus"):
        return [most]
    if most <= 32:
        return list(range(1, most + 1))
    powers = {2**k for k in range(most.bit_length())} | {3 * 2**k for k in range(most.bit_length())}
    return sorted(n for n in {*powers, most, *(d for d in range(1, most + 1) if most % d == 0)} if n <= most)


def candidates(spec: TrainingSpec | IslandsSpec) -> int:
    """Everything that a solve looks at, on whatever hardware."""
    if not isinstance(spec, IslandsSpec):
        return search_size(spec)
    if len(spec.hardware.islands) > 1:
        return islands.search_size(spec)
    return search_size(uniform(spec, spec.hardware.islands[0]))


def search_size(spec: TrainingSpec) -> int:
    """Everything that a solve looks at."""
    return sum(size_of(spec, nodes=nodes) for nodes in node_counts(spec))


def _counted(found: Sequence[Found], *, gap: float) -> Document:
    rejected: Counter[str] = Counter()
    for f in found:
        rejected.update(f.rejected)
    return {
        "candidates": sum(f.candidates for f in found),
        "feasible": sum(f.feasible for f in found),
        "rejected": dict(sorted(rejected.items())),
        "optimality_gap": gap,
    }


def _best(choice: Choice | Fastest) -> Document:
    return {"label": label(layout_document(choice.layouts, choice.tables)), "step_time_s": choice.step_time_s}


def _solved(spec: TrainingSpec, pool: Pool, ranked: list[int], chosen: Choice, counted: Document) -> Solved:
    usable, said = usable_bytes(spec, chosen.job), simulated_words(chosen)
    estimates = estimates_of(spec, chosen)
    terms = terms_of(chosen)
    front = pareto(pool, most=FRONT, keep=ranked[0])
    again = sensitivity(spec, chosen, pool)
    plan = _plan(spec, chosen, usable=usable)
    return Solved(
        plan=plan,
        estimates=estimates,
        alternatives=[_alternative(spec, pool, point, ranked[0], terms, usable) for point in ranked[1:]],
        frontier=[_point(spec, pool, point) for point in front],
        dominated=[_small_point(pool, point) for point in sample(pool, most=DOMINATED, without=front)],
        explanation={
            "headline": headline(spec, chosen, estimates),
            "binding": [*binding(chosen, terms, usable=usable), *([said["message"]] if said else [])],
            "breakdown": breakdown_document(terms),
            "sensitivity": again,
            "options": verdicts(spec, pool, chosen, again),
            "simulated": said,
            "timeline": timeline(spec.model, chosen),
        },
        search=counted,
        warnings=(*beyond_context(spec), *tight(plan["memory"]), *_unlike_any(spec, chosen)),
        data=calibration.data_of(spec.calibration),
    )


def _plan(spec: TrainingSpec, choice: Choice, *, usable: float) -> Document:
    """The plan with its run, and how surely it is the best, where that was drawn."""
    whole = run_document(spec, choice.job, step_s=choice.step_time_s, steps=steps_of(spec))
    plan = {**plan_document(choice, usable=usable), "run": whole}
    if math.isfinite(choice.regret):
        plan |= {"probability_best": choice.probability_best, "expected_regret": choice.regret}
    return plan


def _alternative(
    spec: TrainingSpec, pool: Pool, point: int, chosen: int, best_terms: dict[str, float], usable: float
) -> Document:
    choice = pool.choice(point)
    terms = terms_of(choice)
    return {
        "plan": _plan(spec, choice, usable=usable),
        "estimates": estimates_document(estimates_of(spec, choice)),
        "breakdown": breakdown_document(terms),
        "why_not": why_not(terms, best_terms) + beside(spec, pool, point, chosen),
    }


def _small_point(pool: Pool, point: int) -> Document:
    choice = pool.choice(point)
    layout = layout_document(choice.layouts, choice.tables)
    return {
        "objectives": {
            "step_time_s": choice.step_time_s,
            "peak_memory_bytes": choice.memory_bytes,
            "cost_usd_per_step": choice.cost_usd,
        },
        "plan": {"label": label(layout), "layout": layout, "gpus": choice.job.cluster.gpus, "nodes": choice.nodes},
    }


def _point(spec: TrainingSpec, pool: Pool, point: int) -> Document:
    choice = pool.choice(point)
    return {
        **_small_point(pool, point),
        "estimates": estimates_document(estimates_of(spec, choice)),
        "breakdown": breakdown_document(terms_of(choice)),
    }


def _unlike_any(spec: TrainingSpec, chosen: Choice) -> tuple[Problem, ...]:
    """A warning where the plan is far from every measured run."""
    if is_beyond(spec):
        message = "No published run was on a CPU: steps on one took a sixth to a fiftieth of what was foretold of them."
        hint = "Validate the plan on a node of this kind: the first measurements replace the estimates."
        return (Problem("outside_measurements", message, "/hardware", hint),)
    if spec.calibration == "prior" or chosen.novelty < UNKNOWN:
        return ()
    message = "No published run is like this plan: its times rest on the model's priors, and their intervals are wide."
    return (Problem("outside_measurements", message, "", "Measure a few steps of it."),)


KIND = Kind(
    name="training",
    title="Training plan",
    summary="Which parallel layout trains a model fastest on a cluster, what it costs and what binds.",
    version=1,
    spec=TrainingSpec,
    solve=answer,
    search_size=candidates,
    forms={"/hardware/islands": IslandsSpec},
    calibration=lambda spec: calibration.name_of(spec.calibration),
    exports=EXPORTS,
    prepare=lambda: calibration.posterior("published"),
    experiments=experiments,
    learn=learn,
    foretell=foretold,
)
