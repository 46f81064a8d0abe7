"""How the interval narrows with what small runs cost, and where to stop."""

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, said
from frontend.figures.theme import Theme
from solvers.documents import Document

HEIGHT = 300

Point = tuple[float, float, int]


def shown(result: Document) -> bool:
    """Whether there is more than what is known already."""
    return len(points(result)) > 1


def title(result: Document) -> str:
    """What the whole budget would buy, and whether the goal is among it."""
    found, goal = points(result), aim(result)
    first, last = found[0], found[-1]
    told = f"{_cost(last[0], result)} take the interval from {said.percent(first[1])} to {said.percent(last[1])}"
    if goal is None:
        return told
    reached = next((cost for cost, half, _ in found if half <= goal), None)
    if reached is None:
        return f"{told}, not to the goal of {said.percent(goal)}"
    if reached == 0:
        return f"The interval is {said.percent(first[1])}, within the goal of {said.percent(goal)}"
    return f"{_cost(reached, result)} reach the goal of {said.percent(goal)}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """The curve from what is known, the next run on it, the goal as a dashed line."""
    found, after = points(result), asked.part(result, "next")
    curve = go.Scatter(
        name="Best sets of runs",
        x=[cost for cost, _, _ in found],
        y=[100 * half for _, half, _ in found],
        mode="lines+markers",
        line={"color": theme["accent"], "width": 2},
        marker={"size": 7, "color": theme["accent"]},
        customdata=[[_paid(cost, result), said.many(runs, "run")] for cost, _, runs in found],
        hovertemplate="<b>± %{y:.2f} %</b><br>%{customdata[0]}, %{customdata[1]}<extra></extra>",
    )
    one = go.Scatter(
        name="Run next",
        x=[_value(after, result)] if after else [],
        y=[100 * after["after"]] if after else [],
        mode="markers",
        marker={"color": theme["surface"], "size": 11, "line": {"color": theme["fig-network"], "width": 2.5}},
        customdata=[said.spent(after)] if after else [],
        hovertemplate="<b>Run next</b><br>± %{y:.2f} % for %{customdata}<extra></extra>",
    )
    most = max(100 * half for _, half, _ in found)
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        xaxis=theme.axis(_axis(result), rangemode="tozero", fixedrange=True),
        yaxis=theme.axis("Half of the interval (% of the loss)", range=[0, 1.08 * most], fixedrange=True),
    )
    drawn = go.Figure([curve, one], layout)
    if (goal := aim(result)) is not None:
        _goal(drawn, goal, theme)
    return drawn


def table(result: Document) -> Table:
    """Every point of the curve."""
    rows = tuple(
        (_paid(cost, result), said.many(runs, "run"), f"± {said.percent(half)}") for cost, half, runs in points(result)
    )
    return Table("The interval at the target after the best runs of each spend", ("Spend", "Runs", "Interval"), rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The curve, the next run, the goal."""
    entries = [LegendEntry("accent", "After the best runs that are paid")]
    entries += [LegendEntry("network", "Run next")] if asked.part(result, "next") else []
    entries += [LegendEntry("limit", "Goal", said.percent(goal))] if (goal := aim(result)) is not None else []
    return tuple(entries)


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def points(result: Document) -> tuple[Point, ...]:
    """Spend, half of the interval and runs, from what is known without any."""
    curve = asked.parts(result, "curve")
    found = [(_value(one, result), float(one["half_width"]), int(one["runs"])) for one in curve]
    before = asked.part(result, "ladder").get("before")
    if before is None or not found or found[0][0] == 0:
        return tuple(found)
    return ((0.0, float(before), 0), *found)


def aim(result: Document) -> float | None:
    """The half of the interval at which the spec says to stop."""
    budget = result.get("spec", {}).get("budget") or {}
    goal = budget.get("goal")
    return None if goal is None else float(goal)


def in_hours(result: Document) -> bool:
    """Whether every point has its GPU-hours."""
    return all(one.get("gpu_hours") is not None for one in asked.parts(result, "curve"))


def _value(one: Document, result: Document) -> float:
    return float(one["gpu_hours"] if in_hours(result) else one["flops"])


def _cost(value: float, result: Document) -> str:
    return said.hours(value) if in_hours(result) else said.flops(value)


def _paid(value: float, result: Document) -> str:
    return _cost(value, result) if value else "nothing"


def _axis(result: Document) -> str:
    return f"Spend on small runs ({'GPU-hours' if in_hours(result) else 'FLOP'})"


def _goal(drawn: go.Figure, goal: float, theme: Theme) -> None:
    dashed = {"color": theme["bad"], "width": 1.5, "dash": "dash"}
    drawn.add_shape(type="line", x0=0, x1=1, xref="paper", y0=100 * goal, y1=100 * goal, line=dashed)
    drawn.add_annotation(
        x=1, xref="paper", xanchor="right", y=100 * goal, yanchor="bottom", showarrow=False,
        text=f"goal {said.percent(goal)}", font={"color": theme["bad"], "size": 12},
    )  # fmt: skip
