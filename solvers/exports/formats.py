"""A kind's formats from their writers; a refusal names the formats that can say the plan."""

from collections.abc import Callable, Mapping

from solvers.base import Export
from solvers.documents import Document
from solvers.errors import CannotExpress, Problem

Writers = Mapping[str, tuple[str, Callable[[Document], dict[str, str]]]]
"""Name -> title for menus, writer."""


def exports(writers: Writers, *, kind: str) -> tuple[Export, ...]:
    """The formats in the order in which menus list them."""
    return tuple(_export(name, writers, kind) for name in writers)


def _export(name: str, writers: Writers, kind: str) -> Export:
    title, writer = writers[name]

    def write(result: Document) -> dict[str, str]:
        try:
            return writer(result)
        except CannotExpress as refused:
            raise CannotExpress(*_with_others(refused.problems, name, result, writers, kind)) from None

    return Export(name, title, write)


def _with_others(
    problems: tuple[Problem, ...], name: str, result: Document, writers: Writers, kind: str
) -> list[Problem]:
    """The problems, each with the formats that can express this plan in its hint."""
    if any(problem.code != "cannot_express" for problem in problems):
        return list(problems)
    able = [other for other in writers if other != name and _can(writers[other][1], result)]
    none = f"No other {kind} format can; json and yaml hold the plan."
    others = f"These can: {', '.join(able)}." if able else none
    return [Problem(p.code, p.message, p.at, " ".join(filter(None, [others, p.hint]))) for p in problems]


def _can(writer: Callable[[Document], dict[str, str]], result: Document) -> bool:
    try:
        writer(result)
    except CannotExpress:
        return False
    return True
