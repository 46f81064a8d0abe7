"""A plan on trial: which jobs test it, what they teach, and what the plan is afterwards.

    queued       a solver chooses the jobs on a node of the plan's device, within the budget
    measuring    the node's jobs run; those that fail are left out
    calibrating  a solver learns from all that the project measured on that device with that software
    solving      the same spec, solved again under that calibration, is the run `after`
A step is taken by whoever holds the validation's advisory lock; each moves the state by a guarded UPDATE, so that a
step that is taken twice, or by a worker that was lost, changes nothing. Up to the second solve a trial acts in the name
of who asked for it: when they may no longer change the project, it ends, and the system cancels its jobs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now

from planner.models import (
    Bell,
    Job,
    JobState,
    Measurement,
    Node,
    NodeState,
    OutboxEntry,
    Project,
    Role,
    Run,
    Source,
    State,
    Validation,
    ValidationState,
)
from planner.models.job import JOB_UNDER_WAY
from planner.models.validation import VALIDATION_ENDED
from planner.services import audit, calibrations, jobs, nodes, outbox, projects, runs
from planner.services.errors import Conflict, invalid, not_found
from solvers import kinds
from solvers.base import Spec
from solvers.documents import Document
from solvers.errors import IsoflopError, Problem

LEAST_S, MOST_S = 10.0, 86_400.0
# The latest measurements of a device that one calibration learns from.
MOST_MEASUREMENTS = 500
# Jobs are waited for this many budgets and so many seconds more, then learned from as far as they got.
PATIENCE, SLACK_S = 3.0, 1800.0
# The first half of the advisory lock's number: spells "isov".
LOCK = 0x69736F76

# States in which the next step is taken in the name of who asked.
ACTS = (ValidationState.QUEUED, ValidationState.MEASURING, ValidationState.CALIBRATING)

EXPERIMENTS, LEARN = "experiments", "learn"


@dataclass(frozen=True)
class Call:
    """What a solver has to do for a validation: `call` on `spec`, with what stands `beside` it."""

    call: str
    spec: Document
    beside: Document


@transaction.atomic
def start(run: Run, *, user: User, budget_s: float, node: str = "") -> Validation:
    """Puts the plan of a solved run on trial, within `budget_s` device-seconds, on `node` or whichever is fit.

    Invalid or Conflict say what is missing.
    """
    projects.require(user, run.project, Role.EDITOR)
    if run.state != State.SOLVED:
        raise Conflict(Problem("no_plan", "Only a plan that was found can be validated.", "", "Solve the spec first."))
    if not kinds.can_be_tried(run.kind):
        raise invalid("cannot_be_tried", f"No node can measure yet what plans of kind {run.kind} assume.")
    if not LEAST_S <= budget_s <= MOST_S:
        message = f"A budget has {LEAST_S:g} s to {MOST_S / 3600:g} h of the device."
        raise invalid("budget", message, at="/gpu_minutes")
    if node:
        nodes.one(run.project, node)
    elif not _attached(run.project).exists():
        hint = "Attach one on the page Nodes: it takes two lines."
        raise Conflict(Problem("no_node", "The project has no node that could measure.", "", hint))
    Run.objects.select_for_update(of=("self",)).get(id=run.id)
    if run.validations.exclude(state__in=VALIDATION_ENDED).exists():
        raise Conflict(Problem("under_way", "This plan is being validated already.", "", "Wait for it, or cancel it."))
    document = run.result.document
    before = {"estimates": document["estimates"], "calibration": document["provenance"]["calibration"]}
    made = Validation.objects.create(
        project=run.project, run=run, requested_by=user, budget_s=budget_s, before=before, choice={"node": node}
    )
    audit.record(user, "validation.started", made.id, project=run.project, details={"budget_s": budget_s})
    outbox.ring_bell(Bell.VALIDATE)
    return one(run.project, made.id)


@transaction.atomic
def cancel(validation: Validation, *, user: User) -> Validation:
    """Ends the trial and its jobs; one that has ended stays as it is."""
    projects.require(user, validation.project, Role.EDITOR)
    if _move(validation, {*ValidationState} - {*VALIDATION_ENDED}, ValidationState.CANCELLED, finished=Now()):
        audit.record(user, "validation.cancelled", validation.id, project=validation.project)
        for job in validation.jobs.all():
            jobs.cancel(job, user=user)
    return one(validation.project, validation.id)


def one(project: Project, validation_id: UUID | str) -> Validation:
    """The project's validation with this id; NotFound otherwise."""
    whole = Validation.objects.select_related("project", "run", "requested_by", "calibration", "after")
    try:
        found = whole.filter(project=project, id=validation_id).first()
    except ValidationError:
        found = None
    if found is None:
        raise not_found("validation")
    return found


def one_of(user: User, validation_id: UUID | str) -> Validation:
    """The validation with this id in any of the user's projects; NotFound otherwise."""
    found = Validation.objects.filter(project__memberships__user=user, id=validation_id).select_related("project")
    row = found.first()
    if row is None:
        raise not_found("validation")
    return one(row.project, row.id)


def of_run(run: Run) -> list[Validation]:
    """The trials of a run's plan, latest first."""
    found = run.validations.select_related("calibration", "after", "requested_by")
    return list(found.order_by("-created", "-id"))


def listed(project: Project, *, limit: int = 50) -> list[Validation]:
    """The project's trials, latest first."""
    found = Validation.objects.filter(project=project)
    found = found.select_related("project", "run", "calibration", "after", "requested_by")
    return list(found.order_by("-created", "-id")[:limit])


def ring_waiting() -> None:
    """Asks for a round where any trial is under way and nobody has asked: for the sweeper, which misses nothing."""
    asked = OutboxEntry.objects.filter(bell=Bell.VALIDATE).exists()
    if not asked and Validation.objects.exclude(state__in=VALIDATION_ENDED).exists():
        outbox.ring_bell(Bell.VALIDATE)


def open_ones() -> list[Validation]:
    """All trials under way, oldest first."""
    whole = Validation.objects.exclude(state__in=VALIDATION_ENDED)
    return list(whole.select_related("project", "run__result", "requested_by", "after").order_by("created", "id"))


@contextmanager
def held(validation: Validation) -> Iterator[bool]:
    """Whether this process alone works on the validation, until the block ends or the process does."""
    number = validation.id.int % 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, number])
        got = bool(cursor.fetchone()[0])
    try:
        yield got
    finally:
        if got:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, number])


def step(validation: Validation) -> Call | None:
    """Takes what costs nothing; the call that a solver must answer next, if it is its turn."""
    validation.refresh_from_db()
    if _is_orphaned(validation):
        return None
    match validation.state:
        case ValidationState.QUEUED:
            return _choosing(validation)
        case ValidationState.MEASURING:
            return _learning(validation) if _measured(validation) else None
        case ValidationState.CALIBRATING:
            return _learning(validation)
        case ValidationState.SOLVING:
            _solved(validation)
    return None


@transaction.atomic
def answered(validation: Validation, call: Call, answer: Document) -> None:
    """Goes on with what a solver answered."""
    if _is_orphaned(validation):
        return
    if call.call == EXPERIMENTS:
        try:
            with transaction.atomic():
                _measure(validation, answer)
        except IsoflopError as error:
            # A job that is refused is refused again: none of them is queued, and the trial ends.
            fail(validation, error.problems)
    else:
        _solve_again(validation, answer)


@transaction.atomic
def fail(validation: Validation, problems: tuple[Problem, ...]) -> None:
    """Ends the trial and its jobs, with the reasons."""
    said = [problem.document() for problem in problems]
    open_ = {*ValidationState} - {*VALIDATION_ENDED}
    if _move(validation, open_, ValidationState.FAILED, problems=said, finished=Now()):
        for job in validation.jobs.filter(state__in=JOB_UNDER_WAY):
            jobs.stop(job)


def _is_orphaned(validation: Validation) -> bool:
    """Whether nobody is left in whose name it could go on; it has ended then."""
    user = User.objects.get(id=validation.requested_by_id)
    if validation.state not in ACTS or projects.may(user, validation.project, Role.EDITOR):
        return False
    message = f"{user.get_username()}, who asked for this, may no longer change the project."
    fail(validation, (Problem("requester_gone", message, "", "Whoever may can ask for it again."),))
    return True


def _attached(project: Project) -> Any:
    return Node.objects.filter(project=project, state=NodeState.ACTIVE)


def _choosing(validation: Validation) -> Call | None:
    node = _node(validation)
    if node is None:
        hint = "Attach a node, or see why those that there are have gone offline."
        fail(validation, (Problem("no_node", "No node is there that could measure.", "", hint),))
        return None
    _move(
        validation,
        {ValidationState.QUEUED},
        ValidationState.QUEUED,
        choice={"node": str(node.id), "node_name": node.name},
    )
    beside = {
        "result": validation.run.result.document,
        "capability": node.capability,
        "budget_s": validation.budget_s,
    }
    return Call(EXPERIMENTS, validation.run.spec, beside)


def _node(validation: Validation) -> Node | None:
    """The node that was asked for, or the likeliest: of the plan's device, online before away, heard of last."""
    there = _attached(validation.project)
    if asked := validation.choice.get("node"):
        named: Node | None = there.filter(id=asked).first()
        return named
    spec, result = kinds.parse(validation.run.spec), validation.run.result.document
    ranked: list[Node] = sorted(there, key=lambda node: (_share(node, spec, result), node.online, node.last_seen))
    return ranked[-1] if ranked else None


def _share(node: Node, spec: Spec, result: Document) -> float:
    """How much of a plan runs on devices like those of the attached node."""
    devices = {found["name"] for found in node.capability["gpus"]} or {node.capability["cpu"]["model"]}
    return max(kinds.rests_on(spec, result, name) for name in devices)


def _measure(validation: Validation, answer: Document) -> None:
    chosen = answer["experiments"]
    choice = {**validation.choice, **answer}
    if not chosen:
        hint = "Give it more minutes."
        fail(validation, (Problem("nothing_to_measure", "Nothing that fits the budget would teach much.", "", hint),))
        return
    if not _move(validation, {ValidationState.QUEUED}, ValidationState.MEASURING, choice=choice):
        return
    for experiment in chosen:
        jobs.submit(
            validation.project,
            user=validation.requested_by,
            recipe=experiment["recipe"],
            params=experiment["params"],
            needs={**experiment.get("needs", {}), "node": choice["node"]},
            run=validation.run,
            validation=validation,
        )


def _measured(validation: Validation) -> bool:
    """Whether all its jobs have ended and some of them measured."""
    own = list(validation.jobs.all())
    under_way = [job for job in own if job.under_way]
    if under_way and not _overdue(validation):
        return False
    for job in under_way:
        jobs.stop(job)
    if not any(job.state == JobState.MEASURED for job in own):
        fail(validation, _reasons(own))
        return False
    return _move(validation, {ValidationState.MEASURING}, ValidationState.CALIBRATING)


def _overdue(validation: Validation) -> bool:
    """Whether its node has had its time several times over: it may be offline for good."""
    patience = timedelta(seconds=PATIENCE * validation.budget_s + SLACK_S)
    return Validation.objects.filter(id=validation.id, created__lt=Now() - patience).exists()


def _reasons(own: list[Job]) -> tuple[Problem, ...]:
    said = {problem["message"]: Problem(**problem) for job in own for problem in job.problems}
    head = Problem("nothing_measured", "None of its jobs measured anything.", "", "Their pages and logs say why.")
    return (head, *said.values())


def _learning(validation: Validation) -> Call:
    latest = Measurement.objects.filter(job__validation=validation).order_by("-created", "-id").first()
    assert latest is not None  # noqa: S101 -- a job of this validation measured, and measurements are for ever
    known = Measurement.objects.filter(project=validation.project, name=latest.name, stack=latest.stack)
    documents = known.order_by("-created", "-id").values_list("document", flat=True)[:MOST_MEASUREMENTS]
    return Call(LEARN, validation.run.spec, {"measurements": list(documents)})


def _solve_again(validation: Validation, document: Document) -> None:
    user = validation.requested_by
    try:
        run = validation.run
        kept = calibrations.keep(validation.project, document, kind=kinds.taught_by(run.kind), user=user)
        spec = {**run.spec, calibrations.FIELD: kinds.calibrated_by(kinds.parse(run.spec), document)}
        after = runs.submit(validation.project, spec, user=user, source=Source.WEB).run
    except IsoflopError as error:
        fail(validation, error.problems)
        return
    if _move(validation, {ValidationState.CALIBRATING}, ValidationState.SOLVING, calibration=kept, after=after):
        outbox.ring_bell(Bell.VALIDATE)


def _solved(validation: Validation) -> None:
    after = validation.after
    assert after is not None  # noqa: S101 -- it was set with the state
    if after.under_way:
        return
    if after.state in {State.SOLVED, State.INFEASIBLE}:
        _move(validation, {ValidationState.SOLVING}, ValidationState.DONE, finished=Now())
    else:
        problems = tuple(Problem(**problem) for problem in after.problems)
        head = Problem("not_solved", "The spec could not be solved again.", "", "See the run after.")
        fail(validation, (head, *problems))


def _move(validation: Validation, sources: set[Any], target: ValidationState, **change: Any) -> bool:
    moved = Validation.objects.filter(id=validation.id, state__in=sources).update(state=target, **change)
    validation.refresh_from_db()
    return bool(moved)
