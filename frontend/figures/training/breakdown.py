"""Where the time of one step goes: a bar whose parts add up to the step."""

from dataclasses import dataclass

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

LABELLED = 0.07
TITLE_TINY = 0.01
HEIGHT = 116


@dataclass(frozen=True)
class Term:
    """How a term of the breakdown is called and coloured; the fainter shades are the rarer users of one network."""

    label: str
    short: str
    colour: str
    strength: float = 1.0


TERMS = {
    "compute": Term("Compute", "compute", "compute"),
    "recompute": Term("Recomputation", "recompute", "memory"),
    "tensor_parallel": Term("Tensor parallelism", "TP", "network"),
    "context_parallel": Term("Context parallelism", "CP", "network", 0.75),
    "expert_parallel": Term("Expert parallelism", "EP", "network", 0.55),
    "pipeline_p2p": Term("Pipeline sends", "sends", "network", 0.35),
    "pipeline_bubble": Term("Pipeline bubble", "bubble", "bubble"),
    "data_parallel": Term("Data parallelism", "DP", "data"),
    "optimizer": Term("Optimizer", "optimizer", "other"),
    "host": Term("Host traffic", "host", "memory", 0.6),
    "launch": Term("Kernel launches", "launch", "other", 0.6),
}


@dataclass(frozen=True)
class Part:
    """One term of one step: seconds, and its share of the step."""

    name: str
    term: Term
    seconds: float
    share: float


def parts(breakdown: list[Document]) -> tuple[Part, ...]:
    """The terms that take any time, in the order the solver gives them."""
    total = sum(entry["value"] for entry in breakdown) or 1.0
    return tuple(
        Part(entry["term"], term_of(entry["term"]), entry["value"], entry["value"] / total)
        for entry in breakdown
        if entry["value"] > 0
    )


def term_of(name: str) -> Term:
    """How a term is shown; one that is new here stands in its own words."""
    words = name.replace("_", " ")
    return TERMS.get(name, Term(words[:1].upper() + words[1:], words, "other"))


def title(result: Document) -> str:
    """What the bar says."""
    found = sorted(_parts(result), key=lambda part: -part.share)
    compute = next((part for part in found if part.name == "compute"), found[0])
    rest = [part for part in found if part is not compute]
    if not rest or 1 - compute.share < TITLE_TINY:
        return "Nearly all of the step is compute"
    if rest[0].share > compute.share:
        larger, smaller = _percent(rest[0].share), _percent(compute.share)
        return f"{rest[0].term.label} takes {larger} of the step, more than compute ({smaller})"
    return f"Compute fills {_percent(compute.share)} of the step; most of the rest is {_lower(rest[0].term.label)}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """One stacked bar."""
    bars = [_bar(part, theme) for part in _parts(result)]
    axis = theme.axis("Time of one step (s)", rangemode="tozero", showgrid=False, fixedrange=True)
    hidden = {"visible": False, "fixedrange": True}
    margin = {"l": 4, "r": 12, "t": 4, "b": 44}
    return go.Figure(
        bars, theme.layout(barmode="stack", bargap=0, height=HEIGHT, xaxis=axis, yaxis=hidden, margin=margin)
    )


def table(result: Document) -> Table:
    """Every term in seconds and as a share."""
    rows = tuple(
        (part.term.label, units.show(part.seconds, units.DURATION), units.show(part.share, units.SHARE))
        for part in _parts(result)
    )
    return Table("Time of one step by term", ("Term", "Time", "Share of the step"), rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The colours in words, with their seconds."""
    return tuple(
        LegendEntry(
            part.term.colour, part.term.label, units.show(part.seconds, units.DURATION), faint=part.term.strength < 1
        )
        for part in _parts(result)
    )


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def _parts(result: Document) -> tuple[Part, ...]:
    return parts(result["explanation"]["breakdown"])


def _bar(part: Part, theme: Theme) -> go.Bar:
    shown = units.show(part.seconds, units.DURATION)
    return go.Bar(
        name=part.term.label,
        x=[part.seconds],
        y=[""],
        orientation="h",
        marker={
            "color": theme.tint(f"fig-{part.term.colour}", part.term.strength),
            "line": {"color": theme["surface"], "width": 1},
        },
        text=[_inside(part, shown)],
        textposition="inside",
        insidetextanchor="start",
        textangle=0,
        textfont={"color": theme["fig-ink-on-pale" if part.term.colour == "bubble" else "fig-ink"], "size": 12},
        constraintext="none",
        hovertemplate=f"<b>{part.term.label}</b><br>{shown}, {units.show(part.share, units.SHARE)}<extra></extra>",
    )


def _inside(part: Part, shown: str) -> str:
    """What fits into the bar: name and time, the name, or nothing. The space keeps it off the edge."""
    if part.share < LABELLED:
        return ""
    return f"\u2002{part.term.short} {shown}" if part.share >= 2 * LABELLED else f"\u2002{part.term.short}"


def _percent(share: float) -> str:
    return units.show(round(share, 2), units.SHARE)


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
