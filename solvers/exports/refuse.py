"""What a format cannot say, said clearly: the field, the reason, and which formats can."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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


def unsaid(rare: Mapping[str, Any], *, said: Iterable[str], framework: str) -> list[Rule]:
    """The rare techniques of a layout that are not among those `said`."""
    return [
        Rule(broken=True, at=layout(name), message=f"{framework} has no setting for `{name}: {value}`.")
        for name, value in rare.items()
        if name not in said
    ]


def check(rules: Iterable[Rule]) -> None:
    """CannotExpress with every rule that is broken."""
    problems = [Problem("cannot_express", rule.message, rule.at, rule.instead) for rule in rules if rule.broken]
    if problems:
        raise CannotExpress(*problems)
