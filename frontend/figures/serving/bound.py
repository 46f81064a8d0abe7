"""How near the plan comes to what the hardware could do: the bounds as bars, what is reached as a line across."""

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.serving import asked
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

ROW, FRAME = 36, 72
NAMES = {
    "compute": ("Arithmetic", "compute"),
    "memory": ("Memory bandwidth", "memory"),
    "network": ("Network", "network"),
}
LIMITS = {"compute": "arithmetic", "memory": "memory bandwidth", "network": "the network"}


def shown(result: Document) -> bool:
    """Whether the answer holds any bound."""
    return bool(_bounds(result))


def title(result: Document) -> str:
    """The share of the tightest bound that is reached."""
    bounds, reached = _bounds(result), _bound(result)["reached"]
    tightest = min(bounds, key=lambda name: bounds[name])
    return f"Reaches {asked.percent(reached / bounds[tightest])} of what {LIMITS[tightest]} would allow"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A bar for what is reached and one for each bound."""
    entries = _entries(result)
    bars = go.Bar(
        x=[value for _, _, value in entries],
        y=[label for label, _, _ in entries],
        orientation="h",
        marker={"color": [theme["accent"] if colour == "reached" else theme.tint(f"fig-{colour}", 0.6)
                          for _, colour, _ in entries]},
        customdata=[_rate(value) for _, _, value in entries],
        hovertemplate="<b>%{y}</b><br>%{customdata} per GPU<extra></extra>",
        text=[_rate(value).removesuffix(" tokens/s") for _, _, value in entries],
        textposition="outside",
        outsidetextfont={"color": theme["ink-2"], "size": 12},
        constraintext="none",
        textangle=0,
        cliponaxis=False,
    )  # fmt: skip
    most = max(value for _, _, value in entries)
    layout = theme.layout(
        height=height(result),
        bargap=0.35,
        xaxis=theme.axis("Output tokens/s per GPU", range=[0, 1.18 * most], fixedrange=True),
        yaxis=theme.axis("", autorange="reversed", showgrid=False, fixedrange=True) | {"title": None},
        margin={"l": 8, "r": 24, "t": 4, "b": 44},
    )
    return go.Figure([bars], layout)


def table(result: Document) -> Table:
    """What is reached and each bound, with the share of it that is reached."""
    reached = _bound(result)["reached"]
    rows = tuple((label, _rate(value), asked.percent(reached / value)) for label, _, value in _entries(result))
    return Table("Output tokens a second of each GPU", ("What", "Rate", "Reached of it"), rows)


def legend(_: Document) -> tuple[LegendEntry, ...]:
    """Nothing: each bar has its name beside it."""
    return ()


def height(result: Document) -> int:
    """Pixels."""
    return FRAME + ROW * len(_entries(result))


def _bound(result: Document) -> Document:
    found: Document = result["explanation"].get("bound") or {}
    return found


def _bounds(result: Document) -> dict[str, float]:
    named = {name: _bound(result).get(f"{name}_tokens_per_s_per_gpu") for name in NAMES}
    return {name: float(value) for name, value in named.items() if value}


def _entries(result: Document) -> list[tuple[str, str, float]]:
    """Label, colour and rate: what is reached first, then the bounds from the tightest."""
    bounds = sorted(_bounds(result).items(), key=lambda pair: pair[1])
    return [
        ("This plan", "reached", float(_bound(result)["reached"])),
        *((*NAMES[name], rate) for name, rate in bounds),
    ]


def _rate(value: float) -> str:
    return units.show(value, units.TOKEN_RATE)
