"""The formats a result can be written in: four for every kind, each a text, and those of the kind itself, as files."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from planner.exports import markdown
from planner.exports.report import headline, label
from solvers import kinds
from solvers.base import Export
from solvers.documents import Document, dump_yaml
from solvers.errors import CannotExpress, unknown
from solvers.exports import table

EPOCH = (1980, 1, 1, 0, 0, 0)
EXECUTABLE, PLAIN = 0o755, 0o644
SCRIPTS = (".sh", ".sbatch")


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


def known(result: Document) -> list[str]:
    """The formats that there are for a result of this kind."""
    return [*FORMATS, *_own(result)]


@dataclass(frozen=True)
class Offer:
    """A format of the kind, for a menu: what it is, and why it cannot say this plan, if so."""

    name: str
    title: str
    refused: str


def offered(result: Document) -> list[Offer]:
    """The kind's own formats for one result."""
    return [Offer(export.name, export.title, _refusal(export, result)) for export in _own(result).values()]


def _refusal(export: Export, result: Document) -> str:
    try:
        export.write(result)
    except CannotExpress as refused:
        return " ".join(problem.message for problem in refused.problems[:2])
    return ""


def files(result: Document, format_name: str, *, stem: str) -> dict[str, str]:
    """The result as files, by name: one called `stem`, or those of the kind's format.

    UnknownName when no such format exists, CannotExpress where the format cannot say the plan.
    """
    if format_name in FORMATS:
        return {f"{stem}.{format_name}": write(result, format_name)}
    own = _own(result)
    if format_name not in own:
        raise unknown("export format", format_name, known(result), at="/format")
    return own[format_name].write(result)


def download(written: dict[str, str], *, stem: str) -> tuple[str | bytes, str, str]:
    """What one answer can carry: the one file, or all of them as a zip; its name and media type."""
    if len(written) == 1:
        [(name, text)] = written.items()
        return text, name, "text/plain; charset=utf-8"
    return archive(written), f"{stem}.zip", "application/zip"


def archive(written: dict[str, str]) -> bytes:
    """Files as one zip; the same files are the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in written.items():
            entry = zipfile.ZipInfo(name, date_time=EPOCH)
            entry.external_attr = (EXECUTABLE if name.endswith(SCRIPTS) else PLAIN) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, text)
    return packed.getvalue()


def _own(result: Document) -> dict[str, Export]:
    return {export.name: export for export in kinds.get(result["kind"]).exports}


def json_text(document: object) -> str:
    """JSON for people and diffs: indented, keys sorted, so that equal documents are equal text."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(result: Document) -> str:
    """The plan and its alternatives as one table; for an infeasible result, the sentence that says why."""
    if result["status"] == "infeasible":
        return table.csv_text([["status", "reason"], ["infeasible", headline(result)]])
    names = list(result["estimates"])
    rows: list[list[object]] = [["rank", "plan", *names, "why_not"]]
    for rank, entry in enumerate([{**result, "why_not": ""}, *result["alternatives"]], start=1):
        values = [entry["estimates"].get(name, {}).get("value", "") for name in names]
        rows.append([rank, label(entry["plan"]), *values, str(entry["why_not"])])
    return table.csv_text(rows)


FORMATS = {
    entry.name: entry
    for entry in (
        Format("json", "application/json", json_text),
        Format("yaml", "application/yaml", dump_yaml),
        Format("md", "text/markdown", markdown.write),
        Format("csv", "text/csv", csv_text),
    )
}
