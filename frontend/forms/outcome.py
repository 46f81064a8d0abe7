"""The form in which an outcome is recorded: what was typed, and what it means."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone

from solvers import units
from solvers.errors import Problem, SpecError

FIELDS = ("loss", "params", "tokens", "measured_at", "note", "reason")


class Posted(Protocol):
    """What a browser sent."""

    def get(self, name: str, default: str) -> str: ...


@dataclass(frozen=True)
class Written:
    """The fields as they were typed, and what is wrong with them."""

    loss: str = ""
    params: str = ""
    tokens: str = ""
    measured_at: str = ""
    note: str = ""
    reason: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def wrong(self) -> dict[str, list[Problem]]:
        """The problems of each field."""
        return {name: [problem for problem in self.problems if problem.at == f"/{name}"] for name in FIELDS}

    @property
    def others(self) -> list[Problem]:
        """The problems that are of no field."""
        return [problem for problem in self.problems if problem.at.removeprefix("/") not in FIELDS]


def written(post: Posted) -> Written:
    """What was typed."""
    loss, params, tokens, measured_at, note, reason = (post.get(name, "").strip() for name in FIELDS)
    return Written(loss, params, tokens, measured_at, note, reason)


def read(form: Written) -> dict[str, Any]:
    """What the service is told: numbers in SI and a time with its zone. SpecError lists all that cannot be read."""
    problems: list[Problem] = []
    found: dict[str, Any] = {"loss": _number(form.loss, problems), "note": form.note, "reason": form.reason}
    for name in ("params", "tokens"):
        found[name] = _count(getattr(form, name), name, problems)
    found["measured_at"] = _time(form.measured_at, problems)
    if problems:
        raise SpecError(*problems)
    return found


def _number(text: str, problems: list[Problem]) -> float | None:
    try:
        return float(text)
    except ValueError:
        said = f"'{text[:40]}' is no number." if text else "Say what was measured."
        problems.append(Problem("loss", said, "/loss", "Write it as 2.013."))
        return None


def _count(text: str, name: str, problems: list[Problem]) -> float | None:
    if not text:
        return None
    try:
        return units.parse(text, units.COUNT)
    except SpecError as error:
        problems.extend(Problem(problem.code, problem.message, f"/{name}", problem.hint) for problem in error.problems)
        return None


def _time(text: str, problems: list[Problem]) -> datetime | None:
    """A browser's field says a time without its zone: it is that of the pages."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        problems.append(Problem("measured_at", f"'{text[:40]}' is no time.", "/measured_at", "Write 2026-11-22T10:30."))
        return None
    return timezone.make_aware(moment) if moment.tzinfo is None else moment
