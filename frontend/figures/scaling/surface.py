"""The loss over parameters and tokens: where the runs lie, the best line, and the target."""

from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, log, said
from frontend.figures.theme import Theme
from solvers.documents import Document

HEIGHT = 360
CELLS = 8
"""Rows and columns of the table, of the many that are drawn."""
SHADES = (0.62, 0.02)
"""How strong the accent is at the lowest and the highest loss."""
LEVELS = 14


def shown(result: Document) -> bool:
    """Whether the surface was computed."""
    return bool(asked.part(result, "surface"))


def title(result: Document) -> str:
    """How many tokens a parameter are best, at the small end and at the target."""
    fan, target = asked.fan(result), asked.target(result)
    if not fan:
        return f"The target has {said.number(target['tokens_per_param'])} tokens a parameter"
    first, last = (fan["tokens"][place] / fan["params"][place] for place in (0, _nearest(fan, target["flops"])))
    ends = f"{said.number(first)} tokens a parameter are best at {said.flops(fan['flops'][0])}"
    own = f", the target has {said.number(target['tokens_per_param'])}" if target["how"] == "given" else ""
    return f"{ends}, {said.number(last)} at {said.flops(target['flops'])}{own}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Contours of the loss, the best line, the runs and the target."""
    grid = asked.part(result, "surface")
    fan, target = asked.fan(result), asked.target(result)
    best = go.Scatter(
        name="Best split of compute",
        x=fan.get("params", []),
        y=fan.get("tokens", []),
        mode="lines",
        line={"color": theme["ink"], "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    end = go.Scatter(
        name="Target",
        x=[target["params"]],
        y=[target["tokens"]],
        mode="markers",
        marker=mark(theme),
        hovertemplate=f"<b>The target</b><br>{said.size(target['params'])} parameters, {said.size(target['tokens'])} "
        "tokens<extra></extra>",
    )
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        xaxis=log.axis(theme, asked.params_axis(result), grid["params"], said.size, room=0.0),
        yaxis=log.axis(theme, "Tokens", grid["tokens"], said.size, room=0.0),
    )
    return go.Figure([_contours(result, theme), best, _runs(result, theme), end], layout)


def table(result: Document) -> Table:
    """Some rows and columns of the surface."""
    grid = asked.part(result, "surface")
    rows, columns = (_some(len(grid[name])) for name in ("params", "tokens"))
    names = ("Parameters", *(f"{said.size(grid['tokens'][place])} tokens" for place in columns))
    cells = tuple(
        (said.size(grid["params"][row]), *(said.loss(grid["loss"][row][column]) for column in columns)) for row in rows
    )
    return Table(f"Loss ({asked.unit(result)}) by parameters ({asked.counts(result)}) and tokens", names, cells)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """Shades, runs, the best line and the target."""
    grid = asked.part(result, "surface")
    least, most = min(map(min, grid["loss"])), max(map(max, grid["loss"]))
    entries = [LegendEntry("accent", "Loss", f"{said.loss(least)} (full) to {said.loss(most)}")]
    entries += [LegendEntry("other", "Runs")] if asked.parts(result, "runs") else []
    return (*entries, LegendEntry("ink", "Best split (dashed), target"))


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def scale(theme: Theme) -> list[list[object]]:
    """From the lowest to the highest value: full to pale."""
    return [[0.0, theme.tint("accent", SHADES[0])], [1.0, theme.tint("accent", SHADES[1])]]


def mark(theme: Theme) -> dict[str, Any]:
    """The marker of what was chosen."""
    return {"color": theme["ink"], "size": 12, "symbol": "diamond", "line": {"color": theme["surface"], "width": 1}}


def _contours(result: Document, theme: Theme) -> go.Contour:
    grid = asked.part(result, "surface")
    return go.Contour(
        name="Loss",
        x=grid["params"],
        y=grid["tokens"],
        z=[[grid["loss"][row][column] for row in range(len(grid["params"]))] for column in range(len(grid["tokens"]))],
        colorscale=scale(theme),
        ncontours=LEVELS,
        showscale=False,
        contours={"showlabels": True, "labelfont": {"size": 11, "color": theme["ink-2"]}, "labelformat": ".3g"},
        line={"color": theme["surface"], "width": 0.8},
        customdata=[[said.size(value) for value in grid["params"]] for _ in grid["tokens"]],
        text=[[said.size(value)] * len(grid["params"]) for value in grid["tokens"]],
        hovertemplate="%{customdata} parameters, %{text} tokens<br>loss %{z:.3f}<extra></extra>",
    )


def _runs(result: Document, theme: Theme) -> go.Scatter:
    runs = asked.parts(result, "runs")
    return go.Scatter(
        name="Runs",
        x=[one["params"] for one in runs],
        y=[one["tokens"] for one in runs],
        mode="markers",
        marker={"color": theme["fig-other"], "size": 6, "line": {"color": theme["surface"], "width": 1}},
        customdata=[
            f"<b>{escape(str(one['name']))}</b><br>{said.size(one['params'])} parameters, "
            f"{said.size(one['tokens'])} tokens"
            for one in runs
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _nearest(fan: Document, flops: float) -> int:
    places = range(len(fan["flops"]))
    return min(places, key=lambda place: abs(fan["flops"][place] / flops - 1))


def _some(count: int) -> list[int]:
    """Places from the first to the last, evenly, no more than CELLS."""
    many = min(count, CELLS)
    return sorted({round(place * (count - 1) / max(many - 1, 1)) for place in range(many)})
