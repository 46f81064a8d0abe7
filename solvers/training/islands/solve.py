"""Answer a training spec with islands: every arrangement, and every set of islands that is one cluster."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.base import Infeasible, Progress, Solved, silent
from solvers.documents import Document
from solvers.optimise.pareto import front
from solvers.training import calibration
from solvers.training.islands.alone import Cluster, blind, clusters
from solvers.training.islands.alone import size_of as size_of_clusters
from solvers.training.islands.explain import Evidence, sensitivity, uses, verdicts
from solvers.training.islands.infeasible import infeasible
from solvers.training.islands.laid import Laid
from solvers.training.islands.plans import (
    Plan,
    document_of,
    estimates_of_plan,
    label_of,
    layout_of,
    plan_of,
    terms_of,
)
from solvers.training.islands.scale import scale_of
from solvers.training.islands.search import Searched, search
from solvers.training.islands.search import size_of as size_of_arrangements
from solvers.training.islands.spec import IslandsSpec
from solvers.training.islands.stages import least_after, staged
from solvers.training.islands.words import binding, headline
from solvers.training.plan import breakdown_document, estimates_document
from solvers.training.words import beyond_context, why_not

ALTERNATIVES = 9
FRONT = 40
DOMINATED = 100
EQUAL = 1e-9


@dataclass(frozen=True)
class Outcome:
    """Everything a question led to: plans, best first, and what the searches counted."""

    plans: list[Plan]
    clusters: list[Cluster]
    searched: Searched

    @property
    def candidates(self) -> int:
        """Everything that was looked at or cut off."""
        return self.searched.candidates + sum(cluster.found.candidates for cluster in self.clusters)

    def rejected(self) -> dict[str, int]:
        """Why the others are no plans."""
        counted: Counter[str] = Counter(self.searched.rejected)
        for cluster in self.clusters:
            counted.update(cluster.found.rejected)
        return dict(sorted(counted.items()))


def solve(spec: IslandsSpec, progress: Progress) -> Solved | Infeasible:
    """The best plan and everything beside it, or what stands in the way."""
    outcome = looked_at(spec, progress)
    if not outcome.plans:
        counted = _counted(outcome, gap=0.0)
        return infeasible(
            spec, outcome.rejected(), counted, possible=lambda other: bool(looked_at(other, silent).plans)
        )
    chosen = outcome.plans[0]
    progress(stage="explaining", fraction=0.7, candidates=outcome.candidates, best=_best(spec, chosen))
    return _solved(spec, outcome)


def looked_at(spec: IslandsSpec, progress: Progress, known: Sequence[Cluster] = ()) -> Outcome:
    """Every plan that may matter, best first."""
    alone = clusters(spec, known)
    plans = [plan_of(spec, plan) for cluster in alone for plan in cluster.plans()]
    before = sum(cluster.found.candidates for cluster in alone)

    def seen(done: int, total: int, fastest: Laid | None) -> None:
        best = None if fastest is None else _best(spec, plan_of(spec, fastest))
        progress(stage="combining islands", fraction=0.1 + 0.6 * done / total, candidates=before + done, best=best)

    searched = search(spec, beside=[plan.value for plan in plans], seen=seen)
    plans += [plan_of(spec, laid) for laid in searched.laid]
    return Outcome(sorted(plans, key=lambda plan: (plan.value, plan.step_time_s, plan.memory_bytes)), alone, searched)


def search_size(spec: IslandsSpec) -> int:
    """How many candidates there are: arrangements of islands, and layouts on those that are one cluster."""
    return size_of_arrangements(spec) + size_of_clusters(spec)


def _best(spec: IslandsSpec, plan: Plan) -> Document:
    return {"label": label_of(spec, plan), "step_time_s": plan.step_time_s}


def _counted(outcome: Outcome, *, gap: float) -> Document:
    feasible = sum(cluster.found.feasible for cluster in outcome.clusters) + len(outcome.searched.laid)
    return {
        "candidates": outcome.candidates,
        "feasible": feasible,
        "rejected": outcome.rejected(),
        "optimality_gap": gap,
    }


def gap_of(spec: IslandsSpec, outcome: Outcome) -> float:
    """By how much of itself the best plan may be above the best there is."""
    best = outcome.plans[0]
    least = min(best.value, outcome.searched.undecided)
    for plan in outcome.plans:
        if isinstance(plan.source, Laid):
            scale = scale_of(spec, plan.islands)
            if scale.value(plan.source.least_s) < least:
                after = least_after(staged(plan.source), layers=spec.model.layers)
                least = min(least, scale.value(plan.source.least_s + after))
    return max(0.0, 1.0 - least / best.value)


def _solved(spec: IslandsSpec, outcome: Outcome) -> Solved:
    plans, chosen = outcome.plans, outcome.plans[0]
    gap = gap_of(spec, outcome)
    document, terms, estimates = document_of(spec, chosen), terms_of(chosen), estimates_of_plan(spec, chosen)

    def again_with(other: IslandsSpec) -> Plan | None:
        return next(iter(looked_at(other, silent, outcome.clusters).plans), None)

    again = sensitivity(spec, chosen, _best_of_each(outcome), _blind(spec), again_with)
    evidence = Evidence(
        plans=tuple((plan, uses(spec, plan)) for plan in _distinct(plans, most=DOMINATED)),
        chosen=chosen,
        again=tuple(again),
        floor=min(outcome.searched.floor, outcome.searched.undecided),
        gap=gap,
    )
    first = _front(plans)
    drawn = {id(plan) for plan in first}
    return Solved(
        plan=document,
        estimates=estimates,
        alternatives=[_alternative(spec, plan, terms) for plan in _distinct(plans, most=ALTERNATIVES + 1)[1:]],
        frontier=[_point(spec, plan) for plan in first],
        dominated=[_small_point(spec, plan) for plan in plans[:DOMINATED] if id(plan) not in drawn],
        explanation={
            "headline": headline(spec, chosen, document["label"], estimates),
            "binding": binding(spec, document, terms),
            "breakdown": breakdown_document(terms),
            "sensitivity": again,
            "options": verdicts(spec, evidence),
        },
        search=_counted(outcome, gap=gap),
        warnings=beyond_context(spec),
        data=calibration.data_of(spec.calibration),
    )


def _blind(spec: IslandsSpec) -> Plan | None:
    found = blind(spec)
    return None if found is None else plan_of(spec, found)


def _best_of_each(outcome: Outcome) -> list[Plan]:
    """The best plan of every island that can do without the others."""
    found: dict[tuple[int, ...], Plan] = {}
    for plan in outcome.plans:
        if len(plan.islands) == 1:
            found.setdefault(plan.islands, plan)
    return list(found.values())


def _distinct(plans: list[Plan], *, most: int) -> list[Plan]:
    """The best of plans that take the same time."""
    kept: list[Plan] = []
    for plan in plans:
        if all(abs(plan.step_time_s - other.step_time_s) > EQUAL * other.step_time_s for other in kept):
            kept.append(plan)
        if len(kept) == most:
            break
    return kept


def _front(plans: list[Plan]) -> list[Plan]:
    """Plans that nothing beats in time, memory and cost; the best is among them."""
    columns = [
        np.array([getattr(plan, name) for plan in plans]) for name in ("step_time_s", "memory_bytes", "cost_usd")
    ]
    chosen = sorted({0, *(int(point) for point in front(*columns))}, key=lambda point: plans[point].step_time_s)
    places = np.unique(np.linspace(0, len(chosen) - 1, min(FRONT, len(chosen))).round().astype(np.int64))
    kept = {0, *(chosen[place] for place in places)}
    return [plans[point] for point in sorted(kept, key=lambda point: plans[point].step_time_s)]


def _alternative(spec: IslandsSpec, plan: Plan, best_terms: dict[str, float]) -> Document:
    terms = terms_of(plan)
    return {
        "plan": document_of(spec, plan),
        "estimates": estimates_document(estimates_of_plan(spec, plan)),
        "breakdown": breakdown_document(terms),
        "why_not": why_not(terms, best_terms),
    }


def _small_point(spec: IslandsSpec, plan: Plan) -> Document:
    document = document_of(spec, plan)
    return {
        "objectives": {
            "step_time_s": plan.step_time_s,
            "peak_memory_bytes": plan.memory_bytes,
            "cost_usd_per_step": plan.cost_usd,
        },
        "plan": {
            "label": document["label"],
            "layout": layout_of(plan),
            "gpus": document["gpus"],
            "nodes": document["nodes"],
        },
    }


def _point(spec: IslandsSpec, plan: Plan) -> Document:
    return {
        **_small_point(spec, plan),
        "estimates": estimates_document(estimates_of_plan(spec, plan)),
        "breakdown": breakdown_document(terms_of(plan)),
    }
