"""What the mix saves: the plan beside each GPU type alone, in dollars or in grams, stacked by offer."""

from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from frontend.figures import rows
from frontend.figures.base import LegendEntry, Table
from frontend.figures.fleet import said, types
from frontend.figures.fleet.aim import CARBON, aim
from frontend.figures.fleet.types import Bought
from frontend.figures.theme import Theme
from solvers.documents import Document

PLAN = "This plan"
ROOM = 1.22
"""How far the axis reaches beyond the longest bar: there its value is written."""


@dataclass(frozen=True)
class Fleet:
    """A bar: its name, its value (None: cannot serve), dollars an hour, its parts by value, and why it cannot."""

    name: str
    value: float | None
    usd_per_hour: float | None
    gpus: int | None
    parts: tuple[tuple[Bought, float], ...]
    why_not: str


def fleets(result: Document) -> tuple[Fleet, ...]:
    """The plan, then each type alone from the best; those that cannot serve come last."""
    singles = [_single(one, result) for one in result["explanation"].get("single_types", ())]
    ordered = sorted(singles, key=lambda one: (one.value is None, one.value or 0.0))
    return (_plan(result), *ordered)


def best(result: Document) -> Fleet | None:
    """The best single type that serves everything."""
    return next((one for one in fleets(result)[1:] if one.value is not None), None)


def shown(result: Document) -> bool:
    """Whether there is anything to compare with, or more than one offer in the plan."""
    return len(fleets(result)) > 2 or len(result["plan"]["offers"]) > 1


def title(result: Document) -> str:
    """How much less the mix costs, or emits, than the best single type."""
    words, own, other = aim(result), fleets(result)[0].value or 0.0, best(result)
    if other is None or other.value is None:
        return f"No single GPU type carries everything; this plan does for {words.show(own)}"
    if abs(own - other.value) < 1e-6 * max(own, 1e-9):
        return f"No mix {words.verbs} {words.less} than {other.name} alone"
    if own > other.value:
        return f"{other.name} alone would {words.verb} {said.share(1 - other.value / own)} {words.less}"
    saved = said.share(1 - own / other.value)
    return f"The mix {words.verbs} {saved} {words.less} than {other.name} alone, the best single type"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A bar for each fleet that can serve, its name above it and its value at its end."""
    drawn, words = _drawn(result), aim(result)
    bars = [
        _bar(row, fleet, part, value, result, theme)
        for row, fleet in enumerate(drawn)
        for part, value in fleet.parts
    ]  # fmt: skip
    values = [fleet.value or 0.0 for fleet in drawn]
    ends = go.Scatter(
        name=words.title,
        x=values,
        y=list(range(len(drawn))),
        mode="text",
        text=[f" {words.show(value)}" for value in values],
        textposition="middle right",
        textfont={"color": theme["ink-2"], "size": 12},
        hoverinfo="skip",
        cliponaxis=False,
    )
    layout = theme.layout(
        barmode="stack",
        bargap=rows.SPACE,
        height=height(result),
        xaxis=theme.axis(words.axis, range=[0, ROOM * max([*values, 1e-9])], fixedrange=True),
        yaxis=rows.axis(len(drawn)),
        annotations=rows.names([fleet.name for fleet in drawn], theme),
        margin={"l": 4, "r": 12, "t": 4, "b": 44},
    )
    return go.Figure([*bars, ends], layout)


def table(result: Document) -> Table:
    """Every fleet with its GPUs and its cost (and its carbon, where that counts), or why it cannot serve."""
    words = aim(result)
    also = words is CARBON
    plan = fleets(result)[0]
    found = tuple(
        (
            fleet.name,
            "–" if fleet.gpus is None else said.gpus(fleet.gpus),
            "–" if fleet.usd_per_hour is None else said.price(fleet.usd_per_hour),
            *(("–" if fleet.value is None else words.show(fleet.value),) if also else ()),
            _beside(fleet, plan),
            said.listed([f"{part.name} {words.show(value)}" for part, value in fleet.parts]) or fleet.why_not,
        )
        for fleet in fleets(result)
    )
    columns = ("Fleet", "GPUs", "Cost", *((words.axis,) if also else ()), "Beside", "Of what")
    return Table(f"{words.title} of the plan and of each GPU type alone", columns, found)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The types that are drawn, by term."""
    return types.legend(result, [part for fleet in _drawn(result) for part, _ in fleet.parts])


def height(result: Document) -> int:
    """Pixels."""
    return rows.height(len(_drawn(result)))


def _drawn(result: Document) -> list[Fleet]:
    return [fleet for fleet in fleets(result) if fleet.value is not None]


def _plan(result: Document) -> Fleet:
    words, estimates = aim(result), result["estimates"]
    values = {one["term"]: one[words.part] for one in result["explanation"]["breakdown"]}
    parts = tuple((one, values[one.name]) for one in types.bought(result))
    own, cost = estimates[words.name]["value"], estimates["cost_usd_per_hour"]["value"]
    return Fleet(PLAN, own, cost, round(estimates["gpus"]["value"]), parts, "")


def _single(one: Document, result: Document) -> Fleet:
    terms, gpu, words = types.terms_of(result), types.name_of(result, one["gpu"]), aim(result)
    parts = tuple(
        (Bought(part["term"], gpu, terms.get(part["term"], "on_demand")), part[words.part])
        for part in one.get("breakdown", ())
    )
    ordered = sorted(parts, key=lambda part: (types.ORDER.index(part[0].term), part[0].name))
    called, why_not = types.called(result, gpu), one.get("why_not") or ""
    return Fleet(called, words.of(one), one["cost_usd_per_hour"], one.get("gpus"), tuple(ordered), why_not)


def _beside(fleet: Fleet, plan: Fleet) -> str:
    if fleet.value is None or not plan.value or fleet is plan or fleet.name == PLAN:
        return ""
    change = fleet.value / plan.value - 1
    return "the same" if abs(change) < 1e-6 else f"{change:+.1%}".replace("-", "−").replace("%", " %")


def _bar(row: int, fleet: Fleet, part: Bought, value: float, result: Document, theme: Theme) -> go.Bar:
    words = aim(result)
    hover = (
        f"<b>{escape(fleet.name)}</b><br>{escape(part.name)} ({types.TERMS[part.term]})"
        f"<br>{words.show(value)} of {words.show(fleet.value or 0.0)}"
    )
    return go.Bar(
        name=f"{part.name}, {fleet.name}",
        x=[value],
        y=[row],
        orientation="h",
        marker=types.fill(theme, types.colour(result, part.gpu), part.term),
        hovertemplate=hover + "<extra></extra>",
    )
