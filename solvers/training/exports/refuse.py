"""What a format cannot say, said clearly: the field, the reason, and which formats can."""

from collections.abc import Iterable
from dataclasses import dataclass

from solvers.errors import CannotExpress, Problem


@dataclass(frozen=True)
class Rule:
    """A field that a format has no words for, if `broken`; `instead` is what to plan for."""

    broken: bool
    at: str
    message: str
    instead: str = ""


def layout(name: str) -> str:
    """Where a field of the layout stands in the result."""
    return f"/plan/layout/{name}"


def check(rules: Iterable[Rule]) -> None:
    """CannotExpress with every rule that is broken."""
    problems = [Problem("cannot_express", rule.message, rule.at, rule.instead) for rule in rules if rule.broken]
    if problems:
        raise CannotExpress(*problems)
