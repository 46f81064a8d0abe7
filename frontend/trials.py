"""A plan on trial in words: how far it is, what was chosen and why, the promises before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

from frontend import measured
from frontend.figures.base import interval, relative
from frontend.templatetags.tables import label
from planner.models import Job, JobState, State, Validation, ValidationState
from planner.services import hindrance
from solvers import kinds, units
from solvers.documents import Document
from solvers.errors import Problem

STAGES = (
    (ValidationState.QUEUED, "Choose"),
    (ValidationState.MEASURING, "Measure"),
    (ValidationState.CALIBRATING, "Calibrate"),
    (ValidationState.SOLVING, "Solve again"),
)
SAYS = {
    ValidationState.QUEUED: "A solver chooses what is worth measuring within the budget.",
    ValidationState.CALIBRATING: "A solver learns from what was measured.",
    ValidationState.SOLVING: "The same spec is solved again under what was learned.",
    ValidationState.DONE: "What the plan rests on was measured, and the spec was solved again under what was learned.",
    ValidationState.CANCELLED: "It was cancelled. What was measured is kept and counts in later calibrations.",
    ValidationState.FAILED: "It could not be done. What was measured is kept all the same.",
}
# What a solver says is open, before and after; plans that no other layout competes with have no regret.
EXPECTED = {
    "spread": "the step's spread falls from {} to {}",
    "regret": "what a wrong choice of layout costs from {} to {} of a step",
}
BADGES = {ValidationState.DONE: "good", ValidationState.FAILED: "bad", ValidationState.CANCELLED: ""}


@dataclass(frozen=True)
class Chosen:
    """A job that was chosen, and what became of it; `job` is None until it is queued."""

    title: str
    params: str
    why: str
    cost: str
    job: Job | None


@dataclass(frozen=True)
class Promise:
    """An estimate of the plan before and after; `after` is empty until there is one."""

    name: str
    before: str
    before_interval: str
    after: str
    after_interval: str
    change: str


@dataclass(frozen=True)
class Changed:
    """A part of the plan, and how much of it there was and is: a dash where a plan has none."""

    name: str
    before: str
    after: str


def badge(validation: Validation) -> str:
    """Its colour."""
    return BADGES.get(ValidationState(validation.state), "run")


def says(validation: Validation, jobs: Sequence[Job]) -> str:
    """What is going on, in a sentence."""
    node, all_jobs = validation.choice.get("node_name", "A node"), units.many(len(jobs), "job")
    if validation.state == ValidationState.MEASURING:
        return f"{node} measures: {sum(not job.under_way for job in jobs)} of {all_jobs} ended."
    said = SAYS[ValidationState(validation.state)]
    lost = sum(job.state != JobState.MEASURED for job in jobs)
    return f"{said} {lost} of {all_jobs} measured nothing; their pages say why." if lost and jobs[lost:] else said


def waits(jobs: Sequence[Job]) -> Problem | None:
    """What keeps the jobs that wait from their node."""
    queued = next((job for job in jobs if job.state == JobState.QUEUED), None)
    return hindrance.of(queued) if queued else None


def stages(validation: Validation) -> list[tuple[str, str]]:
    """The way of a trial under way: each stage's word and whether it is done, current or yet to come."""
    order = [state for state, _ in STAGES]
    here = order.index(ValidationState(validation.state)) if validation.state in order else len(order)
    return [(word, _place(place, here)) for place, (_, word) in enumerate(STAGES)]


def chosen(validation: Validation, jobs: Sequence[Job]) -> list[Chosen]:
    """The experiments in the order of their choice, each with its job."""
    experiments = validation.choice.get("experiments", ())
    queued: list[Job | None] = [*jobs, *[None] * len(experiments)]
    return [_chosen(one, job) for one, job in zip(experiments, queued, strict=False)]


def expects(validation: Validation) -> str:
    """What the chosen jobs are expected to teach, where the solver says it."""
    before, after = (validation.choice.get(name) for name in ("before", "after"))
    if not before or not after:
        return ""
    told = [said.format(_share(before[name]), _share(after[name])) for name, said in EXPECTED.items() if name in before]
    return f"Expected of it: {', '.join(told)}."


def has_plan_after(validation: Validation) -> bool:
    """Whether the spec has been solved again."""
    return validation.after is not None and validation.after.state == State.SOLVED


def promises(validation: Validation) -> list[Promise]:
    """What the plan promised before, and what the spec's plan promises now."""
    before = validation.before.get("estimates", {})
    after = _estimates_after(validation)
    return [_promise(name, estimate, after.get(name)) for name, estimate in before.items() if estimate]


def parts(validation: Validation) -> list[Changed]:
    """What of a plan its kind compares, before and after: replicas of a configuration, what a service attains."""
    if validation.after is None or not has_plan_after(validation):
        return []
    was, now = (_compared(run.result.document) for run in (validation.run, validation.after))
    return [
        Changed(f"{label(group)}: {name}", _amount(was, group, name), _amount(now, group, name))
        for group in dict.fromkeys([*was, *now])
        for name in dict.fromkeys([*was.get(group, {}), *now.get(group, {})])
    ]


def _compared(result: Document) -> Document:
    return kinds.get(result["kind"]).compared(result["plan"])


def _amount(compared: Document, group: str, name: str) -> str:
    """A count, or a share, which results hold as a fraction."""
    value = compared.get(group, {}).get(name)
    if value is None:
        return "–"
    return units.show(value, units.SHARE) if isinstance(value, float) else units.count(value)


def _estimates_after(validation: Validation) -> Document:
    if validation.after is None or not has_plan_after(validation):
        return {}
    estimates: Document = validation.after.result.document["estimates"]
    return estimates


def _promise(name: str, before: Document, after: Document | None) -> Promise:
    was, was_within = units.show_named(name, before["value"]), _within(name, before)
    if not after:
        return Promise(label(name), was, was_within, "", "", "")
    change = relative(after["value"], before["value"])
    return Promise(label(name), was, was_within, units.show_named(name, after["value"]), _within(name, after), change)


def _share(value: float) -> str:
    return units.show(value, units.SHARE)


def _within(name: str, estimate: Document) -> str:
    return interval(name, estimate) if estimate["low"] < estimate["high"] else ""


def _chosen(one: Document, job: Job | None) -> Chosen:
    params = measured.params_of(one["recipe"], one["params"])
    told = "; ".join(f"{name.lower()} {value}" for name, value in params if name not in DULL)
    cost = one.get("cost_s")
    shown = "" if cost is None else units.show(cost, units.DURATION)
    return Chosen(measured.title(one["recipe"]), told, str(one.get("why", "")), shown, job)


# The same in most jobs, and told on their own pages.
DULL = ("Device", "Repeats", "Repeats to warm up", "Threads")


def _place(place: int, here: int) -> str:
    return "done" if place < here else "now" if place == here else "next"
