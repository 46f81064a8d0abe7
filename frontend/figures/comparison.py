"""Where time or money goes in several plans: for each kind a bar a plan, in the colours of the page of one plan."""

from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures import view
from frontend.figures.base import LegendEntry, Table
from frontend.figures.terms import Terms
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

ROW = 62
FRAME = 66
ABOVE = 13
LONGEST = 40

Named = list[tuple[str, Document]]


@dataclass(frozen=True)
class Compared:
    """The plans of one kind in words: what the bars say, their numbers, their colours, and who has no bar."""

    kind: str
    title: str
    table: Table
    legend: tuple[LegendEntry, ...]
    without: tuple[str, ...]


def compared(named: Named) -> tuple[Compared, ...]:
    """One for each kind that has a plan with a breakdown, in the order of the plans."""
    kinds = dict.fromkeys(document["kind"] for _, document in named if _breakdown(document))
    return tuple(
        Compared(kind, title(drawn(named, kind)), table(drawn(named, kind)), legend(drawn(named, kind)), missing)
        for kind in kinds
        for missing in [tuple(name for name, one in named if one["kind"] == kind and not _breakdown(one))]
    )


def told_apart(runs: list[tuple[str, str]]) -> list[str]:
    """Names of runs from names and short ids: a run without a name has its id, and names that read alike have both."""
    read = [_clipped(name) for name, _ in runs]
    return [
        f"{_clipped(name, LONGEST - len(short) - 3)} ({short})"
        if name and read.count(_clipped(name)) > 1
        else name or short
        for name, short in runs
    ]


def drawn(named: Named, kind: str) -> Named:
    """The plans of that kind that have a step to show."""
    return [(name, document) for name, document in named if document["kind"] == kind and _breakdown(document)]


def figure(named: Named, theme: Theme) -> go.Figure:
    """Stacked bars, the first plan on top, each under its name. A name is text, never markup."""
    terms = _words(named)
    bars = [_bar(term, named, theme, terms) for term in _terms(named)]
    along = theme.axis(terms.axis, rangemode="tozero", fixedrange=True)
    down = {"visible": False, "fixedrange": True, "range": [len(named) - 0.5, -0.75]}
    margin = {"l": 4, "r": 12, "t": 4, "b": 44}
    said = [_name(index, name, theme) for index, (name, _) in enumerate(named)]
    height = FRAME + ROW * len(named)
    layout = theme.layout(
        barmode="stack", bargap=0.62, height=height, xaxis=along, yaxis=down, margin=margin, annotations=said
    )
    return go.Figure(bars, layout)


def table(named: Named) -> Table:
    """The same numbers: a line for each term, a column for each plan."""
    terms = _words(named)
    rows = tuple(
        (terms.of(term).label, *(_said(terms, _value(document, term)) for _, document in named))
        for term in _terms(named)
    )
    return Table(terms.caption, (terms.by[:1].upper() + terms.by[1:], *(name for name, _ in named)), rows)


def legend(named: Named) -> tuple[LegendEntry, ...]:
    """The colours in words."""
    shown = (_words(named).of(term) for term in _terms(named))
    return tuple(LegendEntry(term.colour, term.label, faint=term.strength < 1) for term in shown)


def title(named: Named) -> str:
    """What the bars say: which term tells the fastest from the slowest."""
    steps = sorted(named, key=lambda pair: sum(_breakdown(pair[1]).values()))
    (fast, first), (slow, last) = steps[0], steps[-1]
    gaps = {term: _value(last, term) - _value(first, term) for term in _terms(named)}
    total = sum(_breakdown(last).values()) - sum(_breakdown(first).values())
    terms = _words(named)
    if len(steps) == 1:
        return f"Where the {terms.what.lower()} of {terms.step} of {fast} goes"
    if total <= 0:
        return f"{terms.step.capitalize()} {terms.equal} in every plan"
    widest = max(gaps, key=lambda term: gaps[term])
    apart = units.show(total, terms.quantity)
    return f"{terms.of(widest).label} makes most of the {apart} between {_quoted(fast)} and {_quoted(slow)}"


def _bar(term: str, named: Named, theme: Theme, terms: Terms) -> go.Bar:
    shown = terms.of(term)
    values = [_value(document, term) for _, document in named]
    hover = [
        f"<b>{escape(name)}</b><br>{shown.label} {_said(terms, value)}"
        for (name, _), value in zip(named, values, strict=True)
    ]
    edge = {"color": theme["surface"], "width": 1}
    return go.Bar(
        name=shown.label,
        x=[value / terms.unit_s for value in values],
        y=list(range(len(named))),
        orientation="h",
        marker={"color": theme.tint(f"fig-{shown.colour}", shown.strength), "line": edge},
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _name(index: int, name: str, theme: Theme) -> dict[str, Any]:
    place = {"x": 0, "y": index, "xanchor": "left", "yanchor": "bottom", "yshift": ABOVE, "showarrow": False}
    return {"text": _short(name), "font": {"color": theme["ink-2"], "size": 12}, **place}


def _words(named: Named) -> Terms:
    return view(named[0][1]["kind"]).terms


def _terms(named: Named) -> list[str]:
    present = {term for _, document in named for term, value in _breakdown(document).items() if value > 0}
    return sorted(present, key=_words(named).order)


def _value(document: Document, term: str) -> float:
    return _breakdown(document).get(term, 0.0)


def _breakdown(document: Document) -> dict[str, float]:
    if "explanation" not in document:
        return {}
    return {entry["term"]: entry["value"] for entry in view(document["kind"]).terms.read(document)}


def _said(terms: Terms, value: float) -> str:
    return units.show(value, terms.quantity)


def _quoted(name: str) -> str:
    return f"“{_clipped(name)}”"


def _short(name: str) -> str:
    return escape(_clipped(name))


def _clipped(name: str, longest: int = LONGEST) -> str:
    return name if len(name) <= longest else name[: longest - 1].rstrip(" ,;:") + "…"
