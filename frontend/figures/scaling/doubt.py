"""Where the interval comes from: each source's part of the doubt, as variances add up."""

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, said
from frontend.figures.terms import Term, Terms
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document
from solvers.scaling.halves import half

KNOWN = {
    "laws": Term("Disagreement of the laws", "laws", "data"),
    "parameters": Term("What the runs leave open of each law", "parameters", "compute"),
    "process": Term("What every law gets wrong", "process", "memory"),
    "beyond": Term("Distance beyond the runs", "distance", "network"),
    "repetition": Term("What repeated data are worth", "repeats", "bubble"),
    "noise": Term("Chance of a run", "noise", "other"),
}
FINDINGS = {
    "laws": "laws disagree about the target",
    "parameters": "the runs leave the laws' parameters open",
    "process": "every law gets something wrong",
    "beyond": "the target lies beyond the runs",
    "repetition": "nobody knows what repeated data are worth here",
    "noise": "runs scatter by chance",
}
ROW, FRAME = 40, 66


def shares(result: Document) -> dict[str, float]:
    """The share of the variance of each source that has any, in the order of the legend."""
    doubt = asked.part(result, "doubt")
    squares = {name: float(doubt[name]) ** 2 for name in KNOWN if doubt.get(name) is not None}
    total = sum(squares.values())
    return {name: square / total for name, square in squares.items() if square > 0}


def shown(result: Document) -> bool:
    """Whether there is any doubt to part."""
    return bool(shares(result))


def title(result: Document) -> str:
    """The largest part."""
    found = shares(result)
    first = max(found, key=lambda name: found[name])
    lead = "Most of the doubt" if found[first] > 0.5 else "The largest part of the doubt"
    return f"{lead}, {said.whole(found[first])}, is that {FINDINGS[first]}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A bar for each source, its name above it."""
    entries = _entries(result)
    colours = [theme[f"fig-{KNOWN[name].colour}"] for name, _ in entries]
    bars = go.Bar(
        x=[100 * share for _, share in entries],
        y=list(range(len(entries))),
        orientation="h",
        marker={"color": colours},
        customdata=[[KNOWN[name].label, said.whole(share)] for name, share in entries],
        text=[said.whole(share) for _, share in entries],
        textposition="outside",
        outsidetextfont={"color": theme["ink-2"], "size": 12},
        cliponaxis=False,
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]} of the variance<extra></extra>",
    )
    place = {"x": 0, "xref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False, "yshift": 8}
    names = [
        {"text": KNOWN[name].label, "y": row, "font": {"color": theme["ink-2"], "size": 12}, **place}
        for row, (name, _) in enumerate(entries)
    ]
    most = max(100 * share for _, share in entries)
    layout = theme.layout(
        height=height(result),
        bargap=0.66,
        annotations=names,
        xaxis=theme.axis("Share of the variance (%)", range=[0, 1.16 * most], fixedrange=True),
        yaxis={"visible": False, "fixedrange": True, "range": [len(entries) - 0.5, -0.9]},
        margin={"l": 8, "r": 24, "t": 4, "b": 44},
    )
    return go.Figure([bars], layout)


def table(result: Document) -> Table:
    """Each source as a share, and alone."""
    doubt = asked.part(result, "doubt")
    rows = tuple((KNOWN[name].label, said.whole(share), said.percent(doubt[name])) for name, share in _entries(result))
    columns = ("Source", "Share of the variance", "Alone, one standard deviation")
    return Table("Where the doubt about the loss at the target comes from", columns, rows)


def legend(_: Document) -> tuple[LegendEntry, ...]:
    """Nothing: each bar has its name above it."""
    return ()


def height(result: Document) -> int:
    """Pixels."""
    return FRAME + ROW * len(_entries(result))


def parts(result: Document) -> list[Document]:
    """Half of the interval, as a share of the loss, parted by source."""
    plan = result.get("plan")
    estimate = asked.loss(result) if plan else None
    if estimate is None or not estimate["value"]:
        return []
    whole = half(estimate)
    return [{"term": name, "value": share * whole} for name, share in shares(result).items()]


TERMS = Terms(
    KNOWN,
    step="the forecast",
    unit="% of the loss",
    unit_s=0.01,
    what="Doubt",
    by="source",
    equal="is as sure",
    quantity=units.SHARE,
    read=parts,
)


def _entries(result: Document) -> list[tuple[str, float]]:
    """Names and shares, the largest first."""
    return sorted(shares(result).items(), key=lambda pair: -pair[1])
