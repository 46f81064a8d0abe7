"""A result document as headed tables of text: what the terminal, Markdown and CSV all print."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from planner.exports.cells import NOTHING, Row, Table, text, words
from planner.exports.details import details, flat, others, pairs
from solvers import kinds, units
from solvers.documents import Document

SCALARS = (str, int, float, bool)
# A term below this share of the whole would be printed as 0.0 %.
SHOWN_SHARE = 0.0005
WHERE = {"time": "Where the time goes", "cost": "Where the money goes", "doubt": "Where the doubt comes from"}


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
        return tuple(text(entry) for entry in result["infeasible"]["binding"])
    return tuple(text(entry) for entry in result["explanation"].get("binding", []))


def _solved(result: Document) -> list[Table]:
    explanation, kind = result["explanation"], kinds.get(result["kind"])
    return [
        _estimates(result),
        pairs("Plan", flat(result["plan"])),
        *details(result["plan"]),
        _breakdown(explanation.get("breakdown", []), name=kind.breakdown),
        _brief(result),
        _entries("What would change the answer", explanation.get("sensitivity", []), ("change", "outcome")),
        _options(explanation.get("options", [])),
        *others({name: explanation[name] for name in kind.told if name in explanation}),
    ]


def _infeasible(result: Document) -> list[Table]:
    answer = result["infeasible"]
    change, closest = answer["smallest_change"] or {}, answer["nearest"] or {}
    return [
        pairs("Smallest change that would help", _change(change)),
        pairs("Nearest plan that misses", flat(closest)),
    ]


def _change(change: Mapping[str, Any]) -> Iterable[Row]:
    if "message" in change:
        yield "change", str(change["message"])
    for entry in change.get("changes", []):
        yield str(entry.get("at", "")), text(entry.get("value"))
    for other in change.get("others", []):
        yield "or", str(other["message"])


def _estimates(result: Document) -> Table:
    level = f"value ({100 * result['interval_level']:.0f} % interval)"
    rows = tuple((words(name), units.show_named(name, **estimate)) for name, estimate in result["estimates"].items())
    return Table("Estimates", ("quantity", level), rows, numeric=1)


def _breakdown(terms: list[Document], *, name: str) -> Table:
    """Parts of the quantity of that name, the largest first."""
    total = sum(term["value"] for term in terms) or 1.0
    rows = tuple(
        (words(term["term"]), units.show_named(name, term["value"]), f"{100 * term['value'] / total:.1f} %")
        for term in sorted(terms, key=lambda term: -term["value"])
        if term["value"] >= SHOWN_SHARE * total
    )
    what = words(name).split(" ", maxsplit=1)[0]
    return Table(WHERE[what], ("term", what, "share"), rows, numeric=2)


def _options(options: list[Document]) -> Table:
    """What each technique does here; the gain is the share by which the objective is better with it."""
    rows = tuple(
        (
            words(str(option.get("title") or option["name"])),
            words(str(option["verdict"])),
            f"{option['gain']:+.1%}" if isinstance(option.get("gain"), float) else NOTHING,
            text(option.get("crossover") or option.get("message")),
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
            text(entry["why_not"]),
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
    return Table("Warnings", ("at", "message"), tuple((text(w.get("at")), w["message"]) for w in result["warnings"]))


def _provenance(result: Document) -> Table:
    facts = {**result["provenance"], "spec_hash": result["spec_hash"]}
    rows = [(words(name), text(value)) for name, value in facts.items() if isinstance(value, SCALARS)]
    return Table("Provenance", ("what", "value"), tuple(rows))


def _entries(title: str, entries: list[Document], columns: Row) -> Table:
    shown = tuple(column for column in columns if any(entry.get(column) not in (None, "") for entry in entries))
    return Table(title, shown, tuple(tuple(text(entry.get(column)) for column in shown) for entry in entries))


def label(plan: Document) -> str:
    return str(
        plan.get("label") or ", ".join(f"{name} {value}" for name, value in plan.items() if isinstance(value, SCALARS))
    )


def _value(estimates: Document, name: str) -> str:
    return units.show_named(name, estimates[name]["value"]) if name in estimates else NOTHING
