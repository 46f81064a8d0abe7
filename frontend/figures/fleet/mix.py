"""What the mix saves: the cost of the plan beside that of each GPU type alone, stacked by offer."""

from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.fleet import rows, said, types
from frontend.figures.fleet.types import Bought
from frontend.figures.theme import Theme
from solvers.documents import Document

PLAN = "This plan"
ROOM = 1.22
"""How far the axis reaches beyond the longest bar: there its cost is written."""


@dataclass(frozen=True)
class Fleet:
    """A bar: its name, its cost in dollars an hour (None: cannot serve), its parts, and why it cannot."""

    name: str
    usd_per_hour: float | None
    gpus: int | None
    parts: tuple[tuple[Bought, float], ...]
    why_not: str


def fleets(result: Document) -> tuple[Fleet, ...]:
    """The plan, then each type alone from the cheapest; those that cannot serve come last."""
    singles = [_single(one, result) for one in result["explanation"].get("single_types", ())]
    ordered = sorted(singles, key=lambda one: (one.usd_per_hour is None, one.usd_per_hour or 0.0))
    return (_plan(result), *ordered)


def best(result: Document) -> Fleet | None:
    """The cheapest single type that serves everything."""
    return next((one for one in fleets(result)[1:] if one.usd_per_hour is not None), None)


def shown(result: Document) -> bool:
    """Whether there is anything to compare with, or more than one offer in the plan."""
    return len(fleets(result)) > 2 or len(result["plan"]["offers"]) > 1


def title(result: Document) -> str:
    """How much less the mix costs than the best single type."""
    own, other = fleets(result)[0].usd_per_hour or 0.0, best(result)
    if other is None or other.usd_per_hour is None:
        return f"No single GPU type carries everything; this plan does for {said.price(own)}"
    if abs(own - other.usd_per_hour) < 1e-6 * max(own, 1e-9):
        return f"No mix costs less than {other.name} alone"
    if own > other.usd_per_hour:
        return (
            f"{other.name} alone would cost {said.share(1 - other.usd_per_hour / own)} less; cost was not what counts"
        )
    return (
        f"The mix costs {said.share(1 - own / other.usd_per_hour)} less than {other.name} alone, the best single type"
    )


def figure(result: Document, theme: Theme) -> go.Figure:
    """A bar for each fleet that can serve, its name above it and its cost at its end."""
    drawn = _drawn(result)
    bars = [
        _bar(row, fleet, part, value, result, theme)
        for row, fleet in enumerate(drawn)
        for part, value in fleet.parts
    ]  # fmt: skip
    costs = [fleet.usd_per_hour or 0.0 for fleet in drawn]
    ends = go.Scatter(
        name="Cost",
        x=costs,
        y=list(range(len(drawn))),
        mode="text",
        text=[f" {said.price(cost)}" for cost in costs],
        textposition="middle right",
        textfont={"color": theme["ink-2"], "size": 12},
        hoverinfo="skip",
        cliponaxis=False,
    )
    layout = theme.layout(
        barmode="stack",
        bargap=rows.SPACE,
        height=height(result),
        xaxis=theme.axis("Cost ($/h)", range=[0, ROOM * max([*costs, 1e-9])], fixedrange=True),
        yaxis=rows.axis(len(drawn)),
        annotations=rows.names([fleet.name for fleet in drawn], theme),
        margin={"l": 4, "r": 12, "t": 4, "b": 44},
    )
    return go.Figure([*bars, ends], layout)


def table(result: Document) -> Table:
    """Every fleet with its GPUs and its cost, or why it cannot serve."""
    plan = fleets(result)[0]
    found = tuple(
        (
            fleet.name,
            "–" if fleet.gpus is None else said.gpus(fleet.gpus),
            "–" if fleet.usd_per_hour is None else said.price(fleet.usd_per_hour),
            _beside(fleet, plan),
            said.listed([f"{part.name} {said.price(value)}" for part, value in fleet.parts]) or fleet.why_not,
        )
        for fleet in fleets(result)
    )
    return Table("Cost of the plan and of each GPU type alone", ("Fleet", "GPUs", "Cost", "Beside", "Of what"), found)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The types that are drawn, by term."""
    return types.legend(result, [part for fleet in _drawn(result) for part, _ in fleet.parts])


def height(result: Document) -> int:
    """Pixels."""
    return rows.height(len(_drawn(result)))


def _drawn(result: Document) -> list[Fleet]:
    return [fleet for fleet in fleets(result) if fleet.usd_per_hour is not None]


def _plan(result: Document) -> Fleet:
    costs = {one["name"]: one["cost_usd_per_hour"] for one in result["plan"]["offers"]}
    parts = tuple((one, costs[one.name]) for one in types.bought(result))
    estimates = result["estimates"]
    return Fleet(PLAN, estimates["cost_usd_per_hour"]["value"], round(estimates["gpus"]["value"]), parts, "")


def _single(one: Document, result: Document) -> Fleet:
    terms, gpu = types.terms_of(result), types.name_of(result, one["gpu"])
    parts = tuple(
        (Bought(part["term"], gpu, terms.get(part["term"], "on_demand")), part["value"])
        for part in one.get("breakdown", ())
    )
    ordered = sorted(parts, key=lambda part: (types.ORDER.index(part[0].term), part[0].name))
    return Fleet(
        types.called(result, gpu), one["cost_usd_per_hour"], one.get("gpus"), tuple(ordered), one.get("why_not") or ""
    )


def _beside(fleet: Fleet, plan: Fleet) -> str:
    if fleet.usd_per_hour is None or not plan.usd_per_hour or fleet is plan or fleet.name == PLAN:
        return ""
    change = fleet.usd_per_hour / plan.usd_per_hour - 1
    return "the same" if abs(change) < 1e-6 else f"{change:+.1%}".replace("-", "−").replace("%", " %")


def _bar(row: int, fleet: Fleet, part: Bought, value: float, result: Document, theme: Theme) -> go.Bar:
    hover = (
        f"<b>{escape(fleet.name)}</b><br>{escape(part.name)} ({types.TERMS[part.term]})"
        f"<br>{said.price(value)} of {said.price(fleet.usd_per_hour or 0.0)}"
    )
    return go.Bar(
        name=f"{part.name}, {fleet.name}",
        x=[value],
        y=[row],
        orientation="h",
        marker=types.fill(theme, types.colour(result, part.gpu), part.term),
        hovertemplate=hover + "<extra></extra>",
    )
