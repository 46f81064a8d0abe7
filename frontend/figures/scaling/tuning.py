"""Learning rate and batch of the big run: what leaving the best costs, the flat region, runs done and runs to do."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, log, said
from frontend.figures.scaling.surface import mark, scale
from frontend.figures.theme import Theme
from solvers.documents import Document

HEIGHT = 360
MOST = 0.02
"""Excess losses above this share look alike: nobody should go there."""
ROOM = 0.02
"""The share of its length that an axis is longer at each end: runs at the edge are seen whole."""
GRID = {"learning_rate": "learning_rates", "batch_tokens": "batches"}


def shown(result: Document) -> bool:
    """Whether there is a surface or a rule to draw."""
    return bool(asked.part(result, "tuning").get("excess"))


def title(result: Document) -> str:
    """The flat region in words."""
    flat = asked.part(result, "tuning").get("flat")
    if not flat or not flat["learning_rate"]:
        return "Where learning rate and batch are best for the big run"
    rates, batches = flat["learning_rate"], flat["batch_tokens"]
    return (
        f"Learning rates from {said.rate(min(rates))} to {said.rate(max(rates))} with batches from "
        f"{said.size(min(batches))} to {said.size(max(batches))} tokens lose at most {said.percent(flat['excess'])}"
    )


def figure(result: Document, theme: Theme) -> go.Figure:
    """Contours of the excess loss, the flat region, runs, rules, and the choice."""
    part = asked.part(result, "tuning")
    traces = [_contours(part, theme), _flat(part, theme), *_observed(part, theme), _next(part, theme)]
    traces += [_rules(part, theme), _choice(result, theme)]
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        plot_bgcolor=scale(theme)[-1][1],
        xaxis=log.axis(theme, "Peak learning rate", _along(part, "learning_rate"), said.rate, room=ROOM),
        yaxis=log.axis(theme, "Batch (tokens)", _along(part, "batch_tokens"), said.size, room=ROOM),
    )
    return go.Figure(traces, layout)


def table(result: Document) -> Table:
    """The choice, the ends of the flat region, what each rule says, the runs to do next."""
    part = asked.part(result, "tuning")
    excess = asked.part(result, "training").get("loss_excess")
    note = f"{said.percent(excess['value'])} of the loss over the best, to expect" if excess else ""
    rows = [
        ("Chosen", said.rate(one["learning_rate"]), said.size(one["batch_tokens"]), note) for one in _chosen(result)
    ]
    flat = part.get("flat")
    if flat and flat["learning_rate"]:
        ends = (_ends(flat["learning_rate"], said.rate), _ends(flat["batch_tokens"], said.size))
        rows.append(("Flat region", *ends, f"at most {said.percent(flat['excess'])} of the loss"))
    rows += [
        (
            one["title"],
            _or_dash(one["learning_rate"], said.rate),
            _or_dash(one["batch_tokens"], said.size),
            one["source"],
        )
        for one in part.get("rules") or []
        if (one["learning_rate"], one["batch_tokens"]) != (None, None)
    ]
    rows += [
        ("Run next", said.rate(one["learning_rate"]), said.size(one["batch_tokens"]),
         f"at {said.size(one['params'])} parameters, {said.size(one['tokens'])} tokens")
        for one in part.get("next") or []
    ]  # fmt: skip
    columns = ("What", "Learning rate", "Batch (tokens)", "Note")
    return Table("Learning rate and batch of the big run", columns, tuple(rows))


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """Shades and marks."""
    part = asked.part(result, "tuning")
    diverged = sum(one["diverged"] for one in part["observed"])
    entries = [LegendEntry("accent", "Loss over the best", f"0 (full) to {said.percent(MOST)} or more")]
    entries += (
        [LegendEntry("other", "Runs, moved to this size", f"{len(part['observed']) - diverged:,}")]
        if part["observed"]
        else []
    )
    entries += [LegendEntry("limit", "Diverged (crosses)", f"{diverged:,}")] if diverged else []
    entries += [LegendEntry("network", "Run next")] if part.get("next") else []
    entries += [LegendEntry("data", "Published rules")] if part.get("rules") else []
    return (*entries, LegendEntry("ink", "Chosen; flat region (outline)"))


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def _contours(part: Document, theme: Theme) -> go.Contour:
    rates, batches, excess = part["learning_rates"], part["batches"], part["excess"]
    cells = [[min(excess[row][column], 2 * MOST) for row in range(len(rates))] for column in range(len(batches))]
    return go.Contour(
        name="Loss over the best",
        x=rates,
        y=batches,
        z=[[100 * value for value in row] for row in cells],
        colorscale=scale(theme),
        zmin=0,
        zmax=100 * MOST,
        autocontour=False,
        showscale=False,
        contours={
            "start": 0.0, "end": 100 * MOST, "size": 10 * MOST, "showlabels": True, "labelformat": ".1f",
            "labelfont": {"size": 11, "color": theme["ink-2"]},
        },
        line={"color": theme["surface"], "width": 0.8},
        customdata=[[said.rate(value) for value in rates] for _ in batches],
        text=[[said.size(value)] * len(rates) for value in batches],
        hovertemplate="learning rate %{customdata}, batch %{text} tokens<br>%{z:.2f} % over the best<extra></extra>",
    )  # fmt: skip


def _flat(part: Document, theme: Theme) -> go.Scatter:
    flat = part.get("flat") or {"learning_rate": [], "batch_tokens": [], "excess": 0.0}
    closed = [*flat["learning_rate"], *flat["learning_rate"][:1]], [*flat["batch_tokens"], *flat["batch_tokens"][:1]]
    return go.Scatter(
        name="Flat region",
        x=closed[0],
        y=closed[1],
        mode="lines",
        line={"color": theme["ink"], "width": 2},
        hoverinfo="skip",
    )


def _observed(part: Document, theme: Theme) -> list[go.Scatter]:
    grey = {"color": theme["fig-other"], "size": 6, "opacity": 0.8, "line": {"color": theme["surface"], "width": 0.5}}
    cross = {"color": theme["bad"], "size": 7, "symbol": "x-thin-open", "line": {"width": 1.5}}
    good = [one for one in part["observed"] if not one["diverged"]]
    bad = [one for one in part["observed"] if one["diverged"]]
    told = [f"{said.percent(one['excess'])} over the best" if one["excess"] is not None else "" for one in good]
    return [_marks("Runs", good, grey, told), _marks("Diverged", bad, cross, ["diverged"] * len(bad))]


def _next(part: Document, theme: Theme) -> go.Scatter:
    found = part.get("next") or []
    ring = {"color": theme["surface"], "size": 10, "line": {"color": theme["fig-network"], "width": 2.5}}
    told = [f"at {said.size(one['params'])} parameters, {said.size(one['tokens'])} tokens" for one in found]
    return _marks("Run next", found, ring, told)


def _rules(part: Document, theme: Theme) -> go.Scatter:
    """Rules that say both, where they fall inside the chart."""
    held = [
        one
        for one in part.get("rules") or []
        if _inside(_at(one, "learning_rate"), part["learning_rates"])
        and _inside(_at(one, "batch_tokens"), part["batches"])
    ]
    square = {
        "color": theme["fig-data"],
        "size": 9,
        "symbol": "square",
        "line": {"color": theme["surface"], "width": 1},
    }
    return _marks("Published rules", held, square, [f"<b>{one['title']}</b>" for one in held])


def _choice(result: Document, theme: Theme) -> go.Scatter:
    chosen = _chosen(result)
    return _marks("Chosen", chosen, mark(theme), ["<b>Chosen</b>"] * len(chosen))


def _chosen(result: Document) -> list[Document]:
    """The big run's learning rate and batch, where it has them."""
    training = asked.part(result, "training")
    return [{name: training[name]["value"] for name in ("learning_rate", "batch_tokens")}] if training else []


def _marks(name: str, found: list[Document], marker: dict[str, Any], told: list[str]) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[_at(one, "learning_rate") for one in found],
        y=[_at(one, "batch_tokens") for one in found],
        mode="markers",
        marker=marker,
        customdata=[
            f"{text}<br>learning rate {said.rate(one['learning_rate'])}, batch {said.size(one['batch_tokens'])} tokens"
            for one, text in zip(found, told, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _at(one: Document, name: str) -> float | None:
    """Where it lies in the chart: runs of other sizes, and rules of other schedules, are carried to the big run's."""
    found: float | None = one.get(f"chart_{name}", one[name])
    return found


def _inside(value: float | None, along: list[float]) -> bool:
    return value is not None and min(along) <= value <= max(along)


def _along(part: Document, name: str) -> list[float]:
    """What the axis has to hold: the grid, and every run, since those that diverged lie beyond it."""
    return [*part[GRID[name]], *(one[name] for one in part["observed"])]


def _ends(values: list[float], show: Callable[[float], str]) -> str:
    return f"{show(min(values))} – {show(max(values))}"


def _or_dash(value: float | None, show: Callable[[float], str]) -> str:
    return "–" if value is None else show(value)
