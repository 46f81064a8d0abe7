"""Where the time goes in several plans: one bar each, the same colours as on the page of one plan."""

from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.theme import Theme
from frontend.figures.training.breakdown import TERMS, term_of
from solvers import units
from solvers.documents import Document

ROW = 62
FRAME = 66
ABOVE = 13
LONGEST = 40

Named = list[tuple[str, Document]]


def figure(named: Named, theme: Theme) -> go.Figure:
    """Stacked bars, the first plan on top, each under its name. A name is text, never markup."""
    bars = [_bar(term, named, theme) for term in _terms(named)]
    along = theme.axis("Time of one step (s)", rangemode="tozero", fixedrange=True)
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
    rows = tuple(
        (term_of(term).label, *(_said(_seconds(document, term)) for _, document in named)) for term in _terms(named)
    )
    return Table("Time of one step by term", ("Term", *(name for name, _ in named)), rows)


def legend(named: Named) -> tuple[LegendEntry, ...]:
    """The colours in words."""
    shown = (term_of(term) for term in _terms(named))
    return tuple(LegendEntry(term.colour, term.label, faint=term.strength < 1) for term in shown)


def title(named: Named) -> str:
    """What the bars say: which term tells the fastest from the slowest."""
    steps = sorted(named, key=lambda pair: sum(_breakdown(pair[1]).values()))
    (fast, first), (slow, last) = steps[0], steps[-1]
    gaps = {term: _seconds(last, term) - _seconds(first, term) for term in _terms(named)}
    total = sum(_breakdown(last).values()) - sum(_breakdown(first).values())
    if len(steps) == 1 or total <= 0:
        return "Where the time of one step goes"
    widest = max(gaps, key=lambda term: gaps[term])
    return f"{term_of(widest).label} makes most of the {units.show(total, units.DURATION)} between {fast} and {slow}"


def _bar(term: str, named: Named, theme: Theme) -> go.Bar:
    shown = term_of(term)
    seconds = [_seconds(document, term) for _, document in named]
    hover = [
        f"<b>{escape(name)}</b><br>{shown.label} {_said(value)}"
        for (name, _), value in zip(named, seconds, strict=True)
    ]
    edge = {"color": theme["surface"], "width": 1}
    return go.Bar(
        name=shown.label,
        x=seconds,
        y=list(range(len(named))),
        orientation="h",
        marker={"color": theme.tint(f"fig-{shown.colour}", shown.strength), "line": edge},
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _name(index: int, name: str, theme: Theme) -> dict[str, Any]:
    place = {"x": 0, "y": index, "xanchor": "left", "yanchor": "bottom", "yshift": ABOVE, "showarrow": False}
    return {"text": _short(name), "font": {"color": theme["ink-2"], "size": 12}, **place}


def _terms(named: Named) -> list[str]:
    present = {term for _, document in named for term, seconds in _breakdown(document).items() if seconds > 0}
    return sorted(present, key=lambda term: (list(TERMS).index(term) if term in TERMS else len(TERMS), term))


def _seconds(document: Document, term: str) -> float:
    return _breakdown(document).get(term, 0.0)


def _breakdown(document: Document) -> dict[str, float]:
    return {entry["term"]: entry["value"] for entry in document.get("explanation", {}).get("breakdown", ())}


def _said(seconds: float) -> str:
    return units.show(seconds, units.DURATION) if seconds else "0 s"


def _short(name: str) -> str:
    return escape(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…")
