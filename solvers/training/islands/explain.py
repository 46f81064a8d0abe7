"""What would change the answer for islands, and which techniques it uses.

Sensitivities are solved again. A technique that the best plan does without does not pay: the search has shown that no
plan is better, so the best with it is at least as slow as what was found with it or as the bound at which it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from solvers.documents import Document
from solvers.training.islands.plans import Plan, crossing_groups, label_of, layout_of
from solvers.training.islands.spec import IslandsSpec
from solvers.training.words import crossover
from solvers.units import SHARE, show, show_named

# A search that ended further than this from its bound has shown nothing about what it did not look at.
CLEAR = 0.01

Solve = Callable[[IslandsSpec], Plan | None]

TITLES = {
    "islands_pipeline": "Pipelines across islands",
    "islands_data": "Data parallelism across islands",
    "islands_left_out": "Leaving an island out",
    "tp": "Tensor parallelism",
    "sequence_parallel": "Sequence parallelism",
    "cp": "Context parallelism",
    "ep": "Expert parallelism",
    "interleaved": "Interleaved schedule",
    "recompute_selective": "Selective recomputation",
    "recompute_full": "Full recomputation",
    "zero1": "ZeRO-1",
    "zero2": "ZeRO-2",
    "zero3": "ZeRO-3",
}


@dataclass(frozen=True)
class Change:
    """A changed question, in words."""

    name: str
    spec: IslandsSpec


def sensitivity(
    spec: IslandsSpec, chosen: Plan, alone: list[Plan], baseline: Plan | None, solve: Solve
) -> list[Document]:
    """Other links between the islands, each island alone, and everything as one cluster of its slowest parts."""
    found = [_answered(spec, change.name, solve(change.spec), chosen) for change in _changes(spec)]
    found += [
        _answered(spec, f"{spec.hardware.islands[plan.islands[0]].name} alone", plan, chosen)
        for plan in alone
        if plan.islands != chosen.islands
    ]
    if baseline is not None:
        name = f"all as one cluster on {spec.hardware.link.shown}"
        found.append(_answered(spec, name, baseline, chosen))
    return found


def _changes(spec: IslandsSpec) -> list[Change]:
    return [
        Change("half the bandwidth between islands", _with_link(spec, 0.5)),
        Change("twice the bandwidth between islands", _with_link(spec, 2.0)),
    ]


def _with_link(spec: IslandsSpec, factor: float) -> IslandsSpec:
    link = spec.hardware.link
    changed = link.model_copy(update={"bytes_per_s": link.bytes_per_s * factor})
    return spec.model_copy(update={"hardware": spec.hardware.model_copy(update={"between": changed})})


def _answered(spec: IslandsSpec, change: str, plan: Plan | None, chosen: Plan) -> Document:
    if plan is None:
        return {
            "change": change,
            "outcome": "Nothing fits.",
            "step_time_s": None,
            "label": None,
            "techniques": None,
            "space": "whole",
        }
    name = label_of(spec, plan)
    same = name == label_of(spec, chosen)
    ratio = plan.step_time_s / chosen.step_time_s
    change_by = f"{'+' if ratio > 1 else '−'}{show(abs(ratio - 1.0), SHARE)}"
    speed = f"{show_named('step_time_s', plan.step_time_s)} a step ({change_by})"
    return {
        "change": change,
        "outcome": f"{speed}, {'the same plan' if same else 'best with ' + name}.",
        "step_time_s": plan.step_time_s,
        "label": name,
        "techniques": sorted(uses(spec, plan)),
        "space": "whole",
    }


def uses(spec: IslandsSpec, plan: Plan) -> set[str]:
    """The techniques of a plan."""
    layout = layout_of(plan)
    crossing = crossing_groups(spec, plan)
    tests = {
        "islands_pipeline": "pipeline" in crossing,
        "islands_data": "data parallel" in crossing,
        "islands_left_out": len(plan.islands) < len(spec.hardware.islands),
        "sequence_parallel": layout["sequence_parallel"],
        "interleaved": layout["schedule"] == "interleaved",
        **{name: layout[name] > 1 for name in ("tp", "cp", "ep")},
        **{f"recompute_{level}": layout["recompute"] == level for level in ("selective", "full")},
        **{f"zero{stage}": layout["zero"] == stage for stage in (1, 2, 3)},
    }
    return {name for name, holds in tests.items() if holds}


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on: plans with their techniques, the best of them, other questions' answers.

    No plan beyond those is below `floor`; `gap` is how far the best may be from the best there is.
    """

    plans: tuple[tuple[Plan, set[str]], ...]
    chosen: Plan
    again: tuple[Document, ...]
    floor: float
    gap: float


def verdicts(spec: IslandsSpec, evidence: Evidence) -> list[Document]:
    """One verdict for each technique, in the order of TITLES."""
    here = uses(spec, evidence.chosen)
    return [_verdict(name, spec, evidence, used=name in here) for name in TITLES]


def _verdict(name: str, spec: IslandsSpec, evidence: Evidence, *, used: bool) -> Document:
    others = [plan.value for plan, techniques in evidence.plans if (name in techniques) != used]
    nearest = min([*others, evidence.floor])
    known = isfinite(nearest)
    share = max(nearest / evidence.chosen.value - 1.0, 0.0) if known else None
    told, verdict = _told(name, spec, evidence, others, share, used=used)
    best, other = evidence.chosen.value, nearest if known else None
    links = [change for change in evidence.again if "bandwidth" in change["change"]]
    return {
        "name": name,
        "title": TITLES[name],
        "verdict": verdict,
        "gain": share if used or share is None else -share,
        "best_with": best if used else other,
        "best_without": other if used else best,
        "message": told,
        "crossover": crossover(name, links, used=used),
    }


def _told(
    name: str, spec: IslandsSpec, evidence: Evidence, others: list[float], share: float | None, *, used: bool
) -> tuple[str, str]:
    """The sentence and the verdict."""
    if used:
        told = "Nothing fits without it." if share is None else _worse("Without it", others, evidence, share)
        return told, "used"
    if spec.options.forbids(name):
        return "The spec forbids it.", "cannot_tell"
    if name == "ep" and spec.model.moe is None:
        return "Does not apply: the model has no experts.", "does_not_pay"
    if share is None or (evidence.gap > CLEAR and not others):
        return ("No plan with it divides and fits." if share is None else "The search ended too early."), "cannot_tell"
    return _worse("With it", others, evidence, share), "does_not_pay"


def _worse(how: str, others: list[float], evidence: Evidence, share: float) -> str:
    if share == 0:
        return "As good with it as without, no better."
    return f"{how} the best is {_at_least(others, evidence)}{show(share, SHARE)} worse."


def _at_least(others: list[float], evidence: Evidence) -> str:
    return "" if others and min(others) <= evidence.floor else "at least "
