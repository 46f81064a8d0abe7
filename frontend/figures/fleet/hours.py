"""What each hour costs: reserved offers below, paid used or not, those of the hour above, the demand as a line."""

from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.fleet import said, types
from frontend.figures.fleet.types import Bought
from frontend.figures.theme import Theme
from solvers.documents import Document

HEIGHT = 300
FEW = 12
DASHES = ("solid", "dot", "dash", "dashdot")
DASHED = {"solid": "solid", "dot": "dotted", "dash": "dashed", "dashdot": "dashes and dots"}


def shown(result: Document) -> bool:
    """Whether the plan is for more than one hour."""
    return bool(result["plan"]["hours"]["count"] > 1)


def title(result: Document) -> str:
    """The least and the most that an hour costs, and how much of it is paid in any case."""
    costs = result["plan"]["hours"]["cost_usd_by_hour"]
    least, most = min(costs), max(costs)
    reserved = sum(one["cost_usd_per_hour"] for one in result["plan"]["offers"] if one["term"] == "reserved")
    tail = f"; {said.price(reserved)} of it is reserved" if reserved else ""
    if most - least < 1e-6 * max(most, 1e-9):
        return f"Every hour costs {said.price(most)}{tail}"
    return f"An hour costs {said.price(least)} to {said.price(most)}, as the demand asks{tail}"


def by_hour(result: Document) -> tuple[tuple[Bought, tuple[int, ...], tuple[float, ...]], ...]:
    """Each offer with its GPUs and its dollars in each hour, reserved ones first."""
    documents = {one["name"]: one for one in result["plan"]["offers"]}
    return tuple((one, _gpus(documents[one.name]), _dollars(documents[one.name])) for one in types.bought(result))


def figure(result: Document, theme: Theme) -> go.Figure:
    """Stacked bars of dollars; each service's demand in per cent of its own peak."""
    hours = list(range(result["plan"]["hours"]["count"]))
    bars = [
        go.Bar(
            name=one.name,
            x=hours,
            y=list(dollars),
            marker=types.fill(theme, types.colour(result, one.gpu), one.term),
            customdata=[[said.gpus(count), said.price(cost)] for count, cost in zip(gpus, dollars, strict=True)],
            hovertemplate=f"<b>{one.name}</b>, {types.TERMS[one.term]}<br>hour %{{x}}: %{{customdata[0]}},"
            " %{customdata[1]}<extra></extra>",
        )
        for one, gpus, dollars in by_hour(result)
    ]
    layout = theme.layout(
        barmode="stack",
        bargap=0.12,
        height=HEIGHT,
        hovermode="closest",
        margin={"l": 48, "r": 48, "t": 12, "b": 44},
        xaxis=theme.axis("Hour", fixedrange=True, showgrid=False, tickformat="d", **_ticks(len(hours))),
        yaxis=theme.axis("Cost ($/h)", rangemode="tozero", fixedrange=True),
        yaxis2=theme.axis(
            "Demand (% of its peak)",
            overlaying="y",
            side="right",
            range=[0, 105],
            showgrid=False,
            fixedrange=True,
            tickmode="array",
            tickvals=[0, 25, 50, 75, 100],
        ),
    )
    return go.Figure([*bars, *_demand(result, theme)], layout)


def table(result: Document) -> Table:
    """Each hour: its cost, its GPUs by offer, its demand by service."""
    told = by_hour(result)
    hours = result["plan"]["hours"]
    demand = hours["demand_per_s"]
    found = tuple(
        (
            str(hour),
            said.price(cost),
            *(said.gpus(gpus[hour]) for _, gpus, _ in told),
            *(said.rate(rates[hour]) for rates in demand.values()),
        )
        for hour, cost in enumerate(hours["cost_usd_by_hour"])
    )
    columns = ("Hour", "Cost", *(one.name for one, _, _ in told), *(f"Demand of {name}" for name in demand))
    return Table("Cost, GPUs and demand by hour", columns, found)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The types by term, and the line."""
    demand = result["plan"]["hours"]["demand_per_s"]
    named = [f"{name} ({DASHED[DASHES[place % len(DASHES)]]})" for place, name in enumerate(demand)]
    words = "Demand, the line" if len(named) == 1 else f"Demand, the lines: {said.listed(named)}"
    return (*types.legend(result, types.bought(result)), LegendEntry("ink", words))


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def _ticks(hours: int) -> dict[str, Any]:
    """Every hour of up to 12, else about a dozen of them; the axis ends where the bars do."""
    return {"tick0": 0, "dtick": 1 + (hours - 1) // FEW, "range": [-0.7, hours - 0.3]}


def _gpus(offer: Document) -> tuple[int, ...]:
    return tuple(offer["unit_gpus"] * units for units in offer["units_by_hour"])


def _dollars(offer: Document) -> tuple[float, ...]:
    """Dollars of each hour: as the plan says, else at the mean price."""
    known = offer.get("cost_usd_by_hour")
    return tuple(known) if known else tuple(offer["price_usd_per_gpu_hour"] * gpus for gpus in _gpus(offer))


def _demand(result: Document, theme: Theme) -> list[go.Scatter]:
    lines = []
    for place, (name, rates) in enumerate(result["plan"]["hours"]["demand_per_s"].items()):
        peak = max(rates) or 1.0
        lines.append(
            go.Scatter(
                name=name,
                x=list(range(len(rates))),
                y=[100 * rate / peak for rate in rates],
                yaxis="y2",
                mode="lines+markers",
                line={"color": theme["ink"], "width": 1.5, "dash": DASHES[place % len(DASHES)]},
                marker={"color": theme["ink"], "size": 4},
                customdata=[said.rate(rate) for rate in rates],
                hovertemplate=f"<b>{name}</b><br>hour %{{x}}: %{{customdata}}<extra></extra>",
            )
        )
    return lines
