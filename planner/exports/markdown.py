"""A result as Markdown: for a pull request comment, a wiki or `$GITHUB_STEP_SUMMARY`."""

from planner.exports.cells import Row, Table
from planner.exports.report import report
from solvers.documents import Document

ESCAPED = str.maketrans(
    {"|": r"\|", "<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " ", "\r": " ", "`": r"\`", "[": r"\[", "*": r"\*"}
)


def write(result: Document) -> str:
    """The whole report; what people named is escaped, so that it can hold no markup."""
    answer = report(result)
    blocks = [f"**{_escaped(answer.headline)}**", *(f"* {_escaped(note)}" for note in answer.notes)]
    return "\n\n".join([*_joined(blocks), *map(table_text, answer.tables)]) + "\n"


def _joined(blocks: list[str]) -> list[str]:
    return [blocks[0], "\n".join(blocks[1:])] if len(blocks) > 1 else blocks


def table_text(table: Table) -> str:
    """One table under its title."""
    split = len(table.columns) - table.numeric
    rule = "|" + "|".join(" --- " if index < split else " ---: " for index in range(len(table.columns))) + "|"
    return "\n".join([f"### {_escaped(table.title)}", "", _line(table.columns), rule, *map(_line, table.rows)])


def _line(cells: Row) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(text: str) -> str:
    return text.translate(ESCAPED)
