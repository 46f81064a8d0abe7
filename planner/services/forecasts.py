"""The register of forecasts: frozen from solved runs, scored by what was measured, and how well they hold.

Nothing in it is ever changed: a forecast and each of its outcomes are written once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Prefetch, Q, QuerySet

from planner.models import Forecast, Outcome, Project, Role, Run, State
from planner.services import audit, cursors, projects
from planner.services.errors import Conflict, invalid, not_found
from solvers import kinds
from solvers.base import Forecast as Said
from solvers.errors import Problem
from solvers.forecasts import calibration as calibrations
from solvers.forecasts import score as scores
from solvers.forecasts import statement as statements
from solvers.forecasts.score import Measured
from solvers.units import LIMIT

NAME, NOTE, REASON = 200, 2000, 500
MOST = 200
# Of one forecast; somebody who corrects more often does something else.
MOST_OUTCOMES = 50
ORDER = "frozen_at"
# What is said to be measured before this is a slip of the pen.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    """Some forecasts, latest first, and the cursor of the next page ("" at the end)."""

    rows: list[Forecast]
    next_cursor: str


def offered(run: Run) -> bool:
    """Whether the run, which was loaded with its result, says what will be measured, frozen or not."""
    return run.state == State.SOLVED and kinds.get(run.kind).forecast(run.result.document) is not None


def of_run(run: Run) -> Forecast | None:
    """The forecast that was frozen from the run, which was loaded with it."""
    found: Forecast | None = getattr(run, "forecast", None)
    return found


@transaction.atomic
def freeze(run: Run, *, user: User, name: str = "", note: str = "") -> Forecast:
    """Freezes what the run's answer says will be measured, now. Conflict where it is frozen already."""
    projects.require(user, run.project, Role.EDITOR)
    name, note = _line(name or run.name or run.kind, "name", most=NAME), _text(note, "note", most=NOTE)
    locked = Run.objects.select_for_update(of=("self",)).annotate(now=TransactionNow()).get(id=run.id)
    forecast = _told(locked)
    earlier = Forecast.objects.filter(run=locked).first()
    if earlier is not None:
        hint = f"It is the forecast {earlier.id}. Another answer, of another run, can be frozen beside it."
        raise Conflict(Problem("frozen", "The answer of this run is frozen already.", "/run", hint))
    result = locked.result
    document = statements.statement(result.document, forecast, result_digest=result.digest)
    made = Forecast.objects.create(
        project=run.project,
        run=locked,
        name=name,
        note=note,
        document=document,
        digest=statements.digest(document, locked.now),
        frozen_at=locked.now,
        frozen_by=user,
    )
    audit.record(user, "forecast.frozen", made.id, project=run.project, details={"digest": made.digest})
    return one(run.project, made.id)


@transaction.atomic
def record(
    forecast: Forecast,
    *,
    user: User,
    loss: float,
    params: float | None = None,
    tokens: float | None = None,
    measured_at: datetime | None = None,
    note: str = "",
    reason: str = "",
) -> Outcome:
    """Records what was measured and scores the forecast by it; again only with a reason, as a correction beside it."""
    projects.require(user, forecast.project, Role.EDITOR)
    note, reason = _text(note, "note", most=NOTE), _text(reason, "reason", most=REASON)
    locked = Forecast.objects.select_for_update().annotate(now=TransactionNow()).get(id=forecast.id)
    measured = Measured(loss, measured_at or locked.now, params, tokens)
    _sound(measured, now=locked.now)
    number = 1 + (locked.outcomes.aggregate(last=Max("number"))["last"] or 0)
    _in_turn(number, reason)
    score = scores.score(locked.document, measured, frozen_at=locked.frozen_at)
    made = Outcome.objects.create(
        forecast=locked,
        number=number,
        loss=loss,
        params=params,
        tokens=tokens,
        measured_at=measured.at,
        note=note,
        reason=reason,
        score=scores.document(score),
        recorded_by=user,
    )
    details = {"number": number, "loss": loss, "reason": reason}
    audit.record(user, "forecast.scored", forecast.id, project=forecast.project, details=details)
    return made


def page(project: Project, *, cursor: str = "", limit: int = 50) -> Page:
    """The project's forecasts with their outcomes, `limit` at a time."""
    if not 1 <= limit <= MOST:
        raise invalid("limit", f"A page has 1 to {MOST} rows.")
    found = _whole(Forecast.objects.filter(project=project))
    if cursor:
        at, last = cursors.moment(cursor, ORDER)
        found = found.filter(Q(frozen_at__lt=at) | Q(frozen_at=at, id__lt=last))
    rows = list(found.order_by("-frozen_at", "-id")[: limit + 1])
    more = len(rows) > limit
    return Page(rows[:limit], cursors.after(rows[limit - 1], ORDER) if more else "")


def one(project: Project, forecast_id: UUID | str) -> Forecast:
    """The project's forecast with this id, its run and outcomes beside it; NotFound otherwise."""
    return _one(Forecast.objects.filter(project=project), forecast_id)


def one_of(user: User, forecast_id: UUID | str) -> Forecast:
    """The forecast with this id in any of the user's projects; NotFound otherwise."""
    return _one(Forecast.objects.filter(project__memberships__user=user), forecast_id)


def outcome(forecast: Forecast) -> Outcome | None:
    """The outcome that counts, which is the last that was recorded; the forecast was loaded with them."""
    recorded = list(forecast.outcomes.all())
    return recorded[-1] if recorded else None


def frozen(forecast: Forecast) -> bytes:
    """The bytes whose SHA-256 is the forecast's digest."""
    return statements.frozen(forecast.document, forecast.frozen_at)


def frozen_at(forecast: Forecast) -> str:
    """When it was frozen, as its digest covers it."""
    return statements.written(forecast.frozen_at)


def calibration(project: Project) -> calibrations.Calibration:
    """How well all forecasts of the project that have an outcome hold."""
    found = _with_outcomes(Forecast.objects.filter(project=project))
    told = [(each.document["level"], last.score) for each in found if (last := outcome(each)) is not None]
    return calibrations.calibration([(level, scores.read(score)) for level, score in told], frozen=len(found))


def _one(found: QuerySet[Forecast], forecast_id: UUID | str) -> Forecast:
    try:
        forecast = _whole(found.filter(id=forecast_id)).first()
    except ValidationError:
        forecast = None
    if forecast is None:
        raise not_found("forecast")
    return forecast


def _whole(found: QuerySet[Forecast]) -> QuerySet[Forecast]:
    return _with_outcomes(found.select_related("project", "run", "frozen_by"))


def _with_outcomes(found: QuerySet[Forecast]) -> QuerySet[Forecast]:
    outcomes = Outcome.objects.order_by("number").select_related("recorded_by")
    return found.prefetch_related(Prefetch("outcomes", outcomes))


def _told(run: Run) -> Said:
    """What the run's answer says will be measured; refused where it says nothing."""
    if run.under_way:
        raise Conflict(Problem("under_way", f"The run is {run.state}; there is no answer yet.", "/run", "Wait for it."))
    if run.state != State.SOLVED:
        raise invalid("no_answer", f"The run is {run.state}: it has no answer to freeze.", at="/run")
    said = kinds.get(run.kind).forecast(run.result.document)
    if said is None:
        hint = "An answer that rests on runs that were made does."
        raise invalid("no_forecast", "This answer does not say what loss will be measured.", at="/run", hint=hint)
    return said


def _in_turn(number: int, reason: str) -> None:
    if number == 1 and reason:
        raise invalid("reason", "There is no outcome yet that this could correct.", at="/reason", hint="Use a note.")
    if number > 1 and not reason:
        hint = "Give a reason to record a correction; the outcome before it is kept and shown."
        raise Conflict(Problem("scored", "This forecast has its outcome already.", "/reason", hint))
    if number > MOST_OUTCOMES:
        raise invalid("too_many", f"A forecast takes at most {MOST_OUTCOMES} corrections.")


def _sound(measured: Measured, *, now: datetime) -> None:
    for name, noun in (("loss", "A loss"), ("params", "A number of parameters"), ("tokens", "A number of tokens")):
        value = getattr(measured, name)
        if value is not None and not 0.0 < value < LIMIT:
            raise invalid(name, f"{noun} is above nought and finite.", at=f"/{name}")
    if not EARLIEST < measured.at <= now:
        when = "That time is yet to come." if measured.at > now else "Nobody measured such a run so long ago."
        raise invalid("measured_at", when, at="/measured_at", hint="Leave it out to say now.")


def _line(text: str, field: str, *, most: int) -> str:
    found = _text(text, field, most=most)
    if not found or not found.isprintable():
        raise invalid(field, f"A {field} has 1 to {most} printable characters.", at=f"/{field}")
    return found


def _text(text: str, field: str, *, most: int) -> str:
    found = text.strip()
    if len(found) > most or "\x00" in found:
        raise invalid(field, f"A {field} has at most {most:,} characters.", at=f"/{field}")
    return found
