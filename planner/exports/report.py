"""A result document as headed tables of text: what the terminal, Markdown and CSV all print."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from solvers import units
from solvers.documents import Document

Row = tuple[str, ...]
# A unit at the end of a name, unless it is what something is counted per.
UNIT = re.compile(r"(?<!_per)_(s|bytes|usd|flops|w|j)(?=_|$)")
CAPITALS = ("tp", "pp", "vpp", "dp", "cp", "ep", "mfu", "hfu", "gpu", "usd")
WRITTEN = {**{word: word.upper() for word in CAPITALS}, "gpus": "GPUs", "zero": "ZeRO"}
SCALARS = (str, int, float, bool)
NOTHING = "-"
# A term below this share of the whole would be printed as 0.0 %.
SHOWN_SHARE = 0.0005


@dataclass(frozen=True)
class Table:
    """One table; `numeric` counts the columns, from the right, that hold numbers."""

    title: str
    columns: Row
    rows: tuple[Row, ...]
    numeric: int = 0


@dataclass(frozen=True)
class Report:
    """The answer in the order in which people ask: what, how good, why, what else, how sure."""

    headline: str
    notes: tuple[str, ...]
    tables: tuple[Table, ...]


def report(result: Document) -> Report:
    """The report on a result of any kind, feasible or not; empty tables are left out."""
    sections = _solved(result) if result["status"] == "solved" else _infeasible(result)
    closing = [_rejected(result["search"]), _warnings(result), _provenance(result)]
    return Report(headline(result), _notes(result), tuple(table for table in [*sections, *closing] if table.rows))


def headline(result: Document) -> str:
    """The answer in one sentence."""
    if result["status"] == "infeasible":
        return f"No plan is feasible: {result['infeasible']['reason']}"
    return str(result["explanation"].get("headline") or result["plan"].get("label") or "A plan was found.")


def _notes(result: Document) -> tuple[str, ...]:
    if result["status"] == "infeasible":
        return tuple(_text(entry) for entry in result["infeasible"]["binding"])
    return tuple(_text(entry) for entry in result["explanation"].get("binding", []))


def _solved(result: Document) -> list[Table]:
    explanation = result["explanation"]
    return [
        _estimates(result),
        _pairs("Plan", _flat(result["plan"])),
        *_details(result["plan"]),
        _breakdown(explanation.get("breakdown", [])),
        _brief(result),
        _entries("What would change the answer", explanation.get("sensitivity", []), ("change", "outcome")),
        _options(explanation.get("options", [])),
    ]


def _infeasible(result: Document) -> list[Table]:
    answer = result["infeasible"]
    change, closest = answer["smallest_change"] or {}, answer["nearest"] or {}
    return [
        _pairs("Smallest change that would help", _change(change)),
        _pairs("Nearest plan that misses", _flat(closest)),
    ]


def _change(change: Mapping[str, Any]) -> Iterable[Row]:
    if "message" in change:
        yield "change", str(change["message"])
    for entry in change.get("changes", []):
        yield str(entry.get("at", "")), _text(entry.get("value"))


def _estimates(result: Document) -> Table:
    level = f"value ({100 * result['interval_level']:.0f} % interval)"
    rows = tuple((words(name), units.show_named(name, **estimate)) for name, estimate in result["estimates"].items())
    return Table("Estimates", ("quantity", level), rows, numeric=1)


def _breakdown(terms: list[Document]) -> Table:
    total = sum(term["value"] for term in terms) or 1.0
    rows = tuple(
        (words(term["term"]), units.show_named("term_s", term["value"]), f"{100 * term['value'] / total:.1f} %")
        for term in sorted(terms, key=lambda term: -term["value"])
        if term["value"] >= SHOWN_SHARE * total
    )
    return Table("Where the time goes", ("term", "time", "share"), rows, numeric=2)


def _options(options: list[Document]) -> Table:
    """What each technique does here; the gain is the share by which the objective is better with it."""
    rows = tuple(
        (
            words(str(option.get("title") or option["name"])),
            words(str(option["verdict"])),
            f"{option['gain']:+.1%}" if isinstance(option.get("gain"), float) else NOTHING,
            _text(option.get("crossover") or option.get("message")),
        )
        for option in options
    )
    return Table("Options", ("technique", "verdict", "gain", "why"), rows)


def _brief(result: Document) -> Table:
    """The alternatives with the two estimates that differ most visibly: the first and the memory."""
    names = list(result["estimates"])
    chosen = names[:1] + [name for name in names[1:] if name.endswith("_bytes")][:1]
    rows = tuple(
        (
            str(rank),
            label(entry["plan"]),
            *(_value(entry["estimates"], name) for name in chosen),
            _text(entry["why_not"]),
        )
        for rank, entry in enumerate(result["alternatives"], start=2)
    )
    return Table("Alternatives", ("rank", "plan", *map(words, chosen), "why not"), rows)


def _rejected(search: Document) -> Table:
    counts = sorted(search["rejected"].items(), key=lambda item: -item[1])
    rows = [(words(reason), f"{count:,}") for reason, count in counts]
    title = f"Rejected, of {search['candidates']:,} candidates ({search['feasible']:,} feasible)"
    return Table(title, ("reason", "candidates"), tuple(rows), numeric=1)


def _warnings(result: Document) -> Table:
    return Table("Warnings", ("at", "message"), tuple((_text(w.get("at")), w["message"]) for w in result["warnings"]))


def _provenance(result: Document) -> Table:
    facts = {**result["provenance"], "spec_hash": result["spec_hash"]}
    rows = [(words(name), _text(value)) for name, value in facts.items() if isinstance(value, SCALARS)]
    return Table("Provenance", ("what", "value"), tuple(rows))


def _details(plan: Document) -> Iterable[Table]:
    """Lists of mappings inside the plan (memory by stage, replicas by pool, ...), a table each."""
    for name, value in plan.items():
        for path, rows in _lists(name, value):
            columns = tuple(rows[0])
            cells = tuple(tuple(cell(column, row.get(column)) for column in columns) for row in _grouped(rows))
            yield Table(
                words(path).capitalize(), tuple(words(column) for column in columns), cells, numeric=len(columns) - 1
            )


def _lists(path: str, value: Any) -> Iterable[tuple[str, list[Document]]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lists(f"{path} by {str(key).removesuffix('s')}", inner)
    elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        yield path, value


def _grouped(rows: list[Document]) -> Iterable[Document]:
    """Neighbours that differ in their first column only, as one row: `0 to 13`."""
    first = next(iter(rows[0]))
    start = rows[0]
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        if following is None or {**following, first: None} != {**start, first: None}:
            yield start if row is start else {**start, first: f"{start[first]} to {row[first]}"}
            start = following if following is not None else start


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterable[Row]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name} ")
        elif not (isinstance(value, list) and value and isinstance(value[0], Mapping)):
            yield words(f"{prefix}{name}"), cell(name, value)


def _pairs(title: str, rows: Iterable[Row]) -> Table:
    return Table(title, ("what", "value"), tuple(rows))


def _entries(title: str, entries: list[Document], columns: Row) -> Table:
    shown = tuple(column for column in columns if any(entry.get(column) not in (None, "") for entry in entries))
    return Table(title, shown, tuple(tuple(_text(entry.get(column)) for column in shown) for entry in entries))


def label(plan: Document) -> str:
    return str(
        plan.get("label") or ", ".join(f"{name} {value}" for name, value in plan.items() if isinstance(value, SCALARS))
    )


def _value(estimates: Document, name: str) -> str:
    return units.show_named(name, estimates[name]["value"]) if name in estimates else NOTHING


def cell(name: str, value: Any) -> str:
    """A value by the unit that its name ends in; whole numbers without one stay as they are."""
    if isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and name.endswith(("_bytes", "_s", "_usd"))
    ):
        return units.show_named(name, float(value))
    return _text(value)


def _text(value: Any) -> str:
    match value:
        case None | "" | []:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case list():
            return _run_lengths([_text(item) for item in value])
        case {"message": message}:
            return str(message)
        case dict():
            return ", ".join(f"{words(name)} {_text(item)}" for name, item in value.items())
    return str(value)


def _run_lengths(items: list[str]) -> str:
    """`2 x 16, 3`: equal neighbours are counted, so that 64 stages stay one line."""
    runs: list[tuple[str, int]] = []
    for item in items:
        if runs and runs[-1][0] == item:
            runs[-1] = (item, runs[-1][1] + 1)
        else:
            runs.append((item, 1))
    return ", ".join(item if count == 1 else f"{count} x {item}" for item, count in runs)


def words(name: str) -> str:
    """`peak_memory_bytes` as people say it; the unit is in the cell."""
    plain = UNIT.sub("", name).replace("_", " ")
    return " ".join(WRITTEN.get(word, word) for word in plain.split(" "))
