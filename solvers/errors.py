"""Everything that can go wrong, as one tree.

    IsoflopError                 somebody can mend it; carries problems for people
    |-- SpecError                the document is wrong: 422, exit code 2
    |   |-- UnknownName          a name that no catalogue has
    |   `-- TooLarge             a size beyond what we accept
    |-- CannotExpress            a plan holds what an export format has no words for: 422, exit code 2
    `-- SolveError               the document is right, solving it went wrong: the run is failed
        `-- LimitExceeded        wall clock, CPU, memory or processes

Anything else that is raised is our mistake: the run is crashed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from itertools import takewhile

# What is offered for a name that is unknown: the names at least so like it, and so much less like it than the nearest.
ALIKE, AS_NEAR = 0.5, 0.3


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where (`at`, a JSON pointer; "" is the whole document) and what to do about it."""

    code: str
    message: str
    at: str = ""
    hint: str = ""

    def document(self) -> dict[str, str]:
        """The problem as JSON shows it."""
        return asdict(self)


class IsoflopError(Exception):
    """Somebody can mend this; `problems` say how."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.message for problem in problems))

    def __reduce__(self) -> tuple[type["IsoflopError"], tuple[Problem, ...]]:
        return type(self), self.problems


class SpecError(IsoflopError, ValueError):
    """The document is wrong. A ValueError too, so that pydantic's validators may raise it and keep its place."""


class UnknownName(SpecError):
    """A name that no catalogue has."""


class TooLarge(SpecError):
    """A size beyond what we accept."""


class CannotExpress(IsoflopError):
    """A plan holds something that an export format has no words for."""


class SolveError(IsoflopError):
    """The document is right, and solving it went wrong."""


class LimitExceeded(SolveError):
    """The solver ran past its wall clock, CPU, memory or process limit."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that offers the nearest known names, or lists a few where none is near."""
    names = sorted(known)
    close = _close(name.lower(), names)
    if close:
        return f"Did you mean {either(close)}?"
    shown = ", ".join(names[:8])
    return f"Known: {shown}" + (f" and {len(names) - 8} more." if len(names) > 8 else ".")


def either(names: Sequence[str]) -> str:
    """`a`, `a or b`, or `a, b or c`."""
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def unknown(what: str, name: object, known: Iterable[str], *, at: str = "") -> UnknownName:
    """The error for a name that is not in `known`: `There is no GPU called 'h200-sxn'. Did you mean h200-sxm?`."""
    hint = nearest(str(name)[:80], known)
    return UnknownName(Problem("unknown_name", f"There is no {what} called '{str(name)[:80]}'.", at, hint))


def _close(name: str, known: Sequence[str]) -> list[str]:
    """Up to three known names that are about as near as the nearest, nearest first."""
    near = {one: likeness for one in known if (likeness := _likeness(name, one.lower())) >= ALIKE}
    best = max(near.values(), default=0.0)
    return sorted((one for one in near if near[one] >= best - AS_NEAR), key=lambda one: -near[one])[:3]


def _likeness(name: str, other: str) -> float:
    """How much two names share; a common beginning counts once more by half, for there people seldom err."""
    begins = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(name, other, strict=False)))
    return SequenceMatcher(None, name, other).ratio() + 0.5 * begins / max(len(name), 1)
