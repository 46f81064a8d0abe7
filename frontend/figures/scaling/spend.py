"""How the interval narrows with what small runs cost, and where to stop."""

from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, log, said
from frontend.figures.theme import Theme
from solvers.documents import Document

HEIGHT = 300

Point = tuple[float, float, int]


def shown(result: Document) -> bool:
    """Whether there is more than what is known already."""
    return len(points(result)) > 1


def title(result: Document) -> str:
    """What the ladder buys, and whether that is the goal."""
    walked, goal = path(result) or points(result), aim(result)
    first, last = walked[0], walked[-1]
    if goal is not None and first[1] <= goal:
        return f"The interval is {said.percent(first[1])}, within the goal of {said.percent(goal)}"
    ends = f"from {said.percent(first[1])} to {said.percent(last[1])}"
    if not asked.part(result, "ladder").get("rungs"):
        change = said.change(first[1], last[1])
        return f"{_cost(last[0], result)} of small runs would hardly narrow the interval: {change}"
    told = f"{_cost(last[0], result)} take the interval {ends}"
    if goal is None:
        return told
    return f"{told}{', within' if last[1] <= goal else ', not to'} the goal of {said.percent(goal)}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """The ladder run by run, sets of other spends, the next run, the goal as a dashed line."""
    sets, walked, after = points(result), path(result), asked.part(result, "next")
    grey, line = {"color": theme["fig-other"], "width": 1.5, "dash": "dot"}, {"color": theme["accent"], "width": 2}
    one = go.Scatter(
        name="Run next",
        x=[_value(after, result)] if after else [],
        y=[100 * after["after"]] if after else [],
        mode="markers",
        marker={"color": theme["surface"], "size": 11, "line": {"color": theme["fig-network"], "width": 2.5}},
        customdata=[said.spent(after)] if after else [],
        hovertemplate="<b>Run next</b><br>± %{y:.2f} % for %{customdata}<extra></extra>",
    )
    traces = [_line("Other spends", sets, grey, result), _line("This ladder, run by run", walked, line, result), one]
    if len(walked) > 1:
        traces.append(_begins(sets, walked, line))
    costs = [cost for cost, _, _ in (*sets, *walked) if cost > 0]
    most = max(100 * half for _, half, _ in (*sets, *walked))
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        xaxis=log.axis(theme, _axis(result), costs, said.number if in_hours(result) else log.ten),
        yaxis=theme.axis("Half of the interval (% of the loss)", range=[0, 1.16 * most], fixedrange=True),
    )
    drawn = go.Figure(traces, layout)
    _level(drawn, (walked or sets)[0][1], "now", theme["ink-3"], x=1)
    if (goal := aim(result)) is not None:
        _level(drawn, goal, "goal", theme["bad"], x=0)
    return drawn


def table(result: Document) -> Table:
    """The ladder run by run, then sets of other spends."""
    told = [("This ladder", point) for point in path(result)] + [
        ("A set of this spend", point) for point in points(result)
    ]
    rows = tuple(
        (which, _paid(cost, result), said.many(runs, "run"), f"± {said.percent(half)}")
        for which, (cost, half, runs) in told
    )
    return Table("The interval at the target after runs of each spend", ("Which", "Spend", "Runs", "Interval"), rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The ladder, other spends, the next run, the goal."""
    entries = [LegendEntry("accent", "This ladder, run by run")] if path(result) else []
    entries += [LegendEntry("other", "Sets of other spends")]
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


def path(result: Document) -> tuple[Point, ...]:
    """The ladder in its order: what is spent by then, half of the interval, runs."""
    ladder = asked.part(result, "ladder")
    rungs = ladder.get("rungs") or []
    if not rungs or any(one["after"] is None for one in (*rungs, {"after": ladder["before"]})):
        return ()
    walked = [(0.0, float(ladder["before"]), 0)]
    for count, rung in enumerate(rungs, start=1):
        cost = rung["gpu_hours"] if in_hours(result) else rung.get("flops_priced", rung["flops"])
        walked.append((walked[-1][0] + float(cost), float(rung["after"]), count))
    return tuple(walked)


def aim(result: Document) -> float | None:
    """The half of the interval at which the spec says to stop."""
    budget = result.get("spec", {}).get("budget") or {}
    goal = budget.get("goal")
    return None if goal is None else float(goal)


def in_hours(result: Document) -> bool:
    """Whether every point has its GPU-hours."""
    return all(one.get("gpu_hours") is not None for one in asked.parts(result, "curve"))


def _line(name: str, found: tuple[Point, ...], line: dict[str, Any], result: Document) -> go.Scatter:
    """The points that cost anything: what is known already is a level."""
    paid = [point for point in found if point[0] > 0]
    return go.Scatter(
        name=name,
        x=[cost for cost, _, _ in paid],
        y=[100 * half for _, half, _ in paid],
        mode="lines+markers",
        line=line,
        marker={"size": 6, "color": line["color"]},
        customdata=[[_cost(cost, result), said.many(runs, "run")] for cost, _, runs in paid],
        hovertemplate=f"<b>{name}</b><br>± %{{y:.2f}} %<br>%{{customdata[0]}}, %{{customdata[1]}}<extra></extra>",
    )


def _begins(sets: tuple[Point, ...], walked: tuple[Point, ...], line: dict[str, Any]) -> go.Scatter:
    """From what is known to the ladder's first run, along the least that any set spends: nothing has no logarithm."""
    least = min(cost for cost, _, _ in (*sets, *walked) if cost > 0)
    return go.Scatter(
        name="Before its first run",
        x=[least, walked[1][0]],
        y=[100 * walked[0][1], 100 * walked[1][1]],
        mode="lines",
        line={**line, "shape": "hv"},
        hoverinfo="skip",
    )


def _value(one: Document, result: Document) -> float:
    return float(one["gpu_hours"] if in_hours(result) else one["flops"])


def _cost(value: float, result: Document) -> str:
    return said.hours(value) if in_hours(result) else said.flops(value)


def _paid(value: float, result: Document) -> str:
    return _cost(value, result) if value else "nothing"


def _axis(result: Document) -> str:
    return f"Spend on small runs ({'GPU-hours' if in_hours(result) else 'FLOP'})"


def _level(drawn: go.Figure, half: float, name: str, colour: str, *, x: int) -> None:
    """A dashed line across, with what it is at its left (0) or right (1) end, where the curves are not."""
    dashed = {"color": colour, "width": 1.5, "dash": "dash"}
    drawn.add_shape(type="line", x0=0, x1=1, xref="paper", y0=100 * half, y1=100 * half, line=dashed)
    drawn.add_annotation(
        x=x, xref="paper", xanchor=("left", "right")[x], y=100 * half, yanchor="bottom", showarrow=False,
        text=f"{name} {said.percent(half)}", font={"color": colour, "size": 12},
    )  # fmt: skip
