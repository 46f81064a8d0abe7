"""The formats a result can be written in, each a pure function from the document to text."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

from planner.exports import markdown
from planner.exports.report import headline, label
from solvers.documents import Document, dump_yaml
from solvers.errors import unknown

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Format:
    """One way to write a result."""

    name: str
    media_type: str
    write: Callable[[Document], str]


def write(result: Document, format_name: str) -> str:
    """The result as text. UnknownName when no such format exists."""
    if format_name not in FORMATS:
        raise unknown("export format", format_name, FORMATS, at="/format")
    return FORMATS[format_name].write(result)


def json_text(document: object) -> str:
    """JSON for people and diffs: indented, keys sorted, so that equal documents are equal text."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(result: Document) -> str:
    """The plan and its alternatives as one table; for an infeasible result, the sentence that says why."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    if result["status"] == "infeasible":
        writer.writerows([["status", "reason"], ["infeasible", inert(headline(result))]])
        return lines.getvalue()
    names = list(result["estimates"])
    writer.writerow(["rank", "plan", *names, "why_not"])
    for rank, entry in enumerate([{**result, "why_not": ""}, *result["alternatives"]], start=1):
        values = [entry["estimates"].get(name, {}).get("value", "") for name in names]
        writer.writerow([rank, inert(label(entry["plan"])), *values, inert(str(entry["why_not"]))])
    return lines.getvalue()


def inert(cell: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP: CSV injection). Numbers are written as numbers."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


FORMATS = {
    entry.name: entry
    for entry in (
        Format("json", "application/json", json_text),
        Format("yaml", "application/yaml", dump_yaml),
        Format("md", "text/markdown", markdown.write),
        Format("csv", "text/csv", csv_text),
    )
}
