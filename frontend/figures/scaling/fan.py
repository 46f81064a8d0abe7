"""From the runs to the target: losses along the best sizes of rising compute, with the interval that widens beyond."""

from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, kinds, log, said
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

HEIGHT = 380
ROWS = 16
"""Rows of the table, of the many points that are drawn."""


def shown(result: Document) -> bool:
    """Whether there is a forecast."""
    return bool(asked.fan(result))


def title(result: Document) -> str:
    """How far the target is from the largest run, and what to expect there."""
    estimate, flops, largest = asked.loss(result), asked.target(result)["flops"], asked.largest(result)
    ends = f"{said.loss(estimate['low'])} to {said.loss(estimate['high'])}" if estimate else ""
    if largest is None:
        return f"Other families of runs lead to {ends} at {said.flops(flops)}"
    times = flops / largest
    if asked.too_far(result):
        return f"{said.flops(flops)} is {said.number(times)} times beyond the largest run: no law was tried so far"
    where = f"{said.number(times)} times beyond the largest run" if times > 1.05 else "within the runs"
    return f"Loss will be {ends} at {said.flops(flops)}, {where}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """The band, the forecast (dashed beyond the runs), the runs, and the target with its interval."""
    traces = [_band(result, theme), *_lines(result, theme), *_runs(result, theme), _target(result, theme)]
    fan = asked.fan(result)
    computes = [*fan["flops"], asked.target(result)["flops"]]
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        xaxis=log.axis(theme, "Training compute (FLOP)", computes, log.ten),
        yaxis=theme.axis(asked.loss_axis(result), range=_span(result), fixedrange=True),
    )
    return go.Figure(traces, layout)


def table(result: Document) -> Table:
    """The forecast at some of its points, the target among them."""
    fan, target = asked.fan(result), asked.target(result)
    points = list(zip(fan["flops"], fan["params"], fan["tokens"], fan["value"], fan["low"], fan["high"], strict=True))
    every = max(1, len(points) // ROWS)
    kept = [*points[::every], *([_at(result, target)] if asked.loss(result) else [])]
    rows = tuple(
        (said.flops(flops), said.size(params), said.size(tokens), said.loss(value), said.loss(low), said.loss(high))
        for flops, params, tokens, value, low, high in sorted(kept)
    )
    caption = (
        f"Loss ({asked.unit(result)}) of the best sizes ({asked.counts(result)}) with its {level(result)} interval"
    )
    return Table(caption, ("Compute", "Parameters", "Tokens", "Loss", "Low", "High"), rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The band, the runs, the target."""
    runs = asked.parts(result, "runs")
    flagged = sum(asked.strange(one) for one in runs)
    others = sum(one["fitted"] is None and not asked.strange(one) for one in runs)
    entries = [LegendEntry("accent", "Forecast"), LegendEntry("accent", f"{level(result)} interval", faint=True)]
    plain = len(runs) - flagged - others
    entries += [LegendEntry("other", "Runs", units.count(plain))] if plain else []
    entries += [LegendEntry("other", "Not fitted to", units.count(others), faint=True)] if others else []
    entries += [LegendEntry("limit", "Flagged", units.count(flagged))] if flagged else []
    return (*entries, LegendEntry("ink", "Target"))


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def level(result: Document) -> str:
    """`90 %`."""
    return units.show(result.get("interval_level", 0.9), units.SHARE)


def hover(run: Document, messages: list[str]) -> str:
    """A run in words, with what it is flagged for."""
    told = "".join(f"<br>{escape(message)}" for message in messages)
    fitted = "" if run["fitted"] is None else f", the laws say {said.loss(run['fitted'])}"
    kind = f", {kinds.words(run)}" if kinds.words(run) else ""
    return (
        f"<b>{escape(str(run['name']))}</b><br>{said.size(run['params'])} parameters, {said.size(run['tokens'])} tokens"
        f"{kind}"
        f"<br>loss {said.loss(run['loss'])}{fitted}{told}"
    )


def dots(result: Document, theme: Theme, *, y: str, scale: float = 1.0) -> list[go.Scatter]:
    """The runs by compute: grey, faint where laws are not fitted to them, and those that are flagged as rings."""
    known = [run for run in asked.parts(result, "runs") if run[y] is not None]
    flagged = asked.flagged(result)
    groups: tuple[tuple[str, dict[str, Any]], ...] = (
        ("Runs", {"color": theme["fig-other"], "size": 6, "opacity": 0.7}),
        ("Flagged", {"color": theme["surface"], "size": 8, "line": {"color": theme["bad"], "width": 2}}),
        ("Not fitted to", {"color": theme["fig-other"], "size": 5, "opacity": 0.3}),
    )
    return [
        go.Scatter(
            name=name,
            x=[run["flops"] for run in kept],
            y=[run[y] * scale for run in kept],
            mode="markers",
            marker=marker,
            customdata=[hover(run, flagged.get(str(run["name"]), [])) for run in kept],
            hovertemplate="%{customdata}<extra></extra>",
        )
        for name, marker in groups
        for kept in [[run for run in known if _group(run) == name]]
    ]


def _group(run: Document) -> str:
    return "Flagged" if asked.strange(run) else "Not fitted to" if run["fitted"] is None else "Runs"


def _at(result: Document, target: Document) -> tuple[float, ...]:
    estimate = asked.loss(result) or {}
    return (target["flops"], target["params"], target["tokens"], estimate["value"], estimate["low"], estimate["high"])


def _band(result: Document, theme: Theme) -> go.Scatter:
    fan = asked.fan(result)
    return go.Scatter(
        name="Interval",
        x=[*fan["flops"], *reversed(fan["flops"])],
        y=[*fan["high"], *reversed(fan["low"])],
        mode="lines",
        line={"width": 0, "simplify": False},
        fill="toself",
        fillcolor=theme.tint("accent", 0.18),
        hoverinfo="skip",
    )


def _lines(result: Document, theme: Theme) -> list[go.Scatter]:
    """The forecast within the runs, and beyond them; both hold the point between."""
    fan = asked.fan(result)
    last = sum(1 for one in fan["inside"] if one)
    return [
        _line("Forecast", slice(0, last), fan, theme, dash="solid"),
        _line("Forecast beyond the runs", slice(max(0, last - 1), None), fan, theme, dash="dash"),
    ]


def _line(name: str, points: slice, fan: Document, theme: Theme, *, dash: str) -> go.Scatter:
    told = zip(*(fan[key][points] for key in ("params", "tokens", "value", "low", "high")), strict=True)
    return go.Scatter(
        name=name,
        x=fan["flops"][points],
        y=fan["value"][points],
        mode="lines",
        line={"color": theme["accent"], "width": 2, "dash": dash},
        customdata=[
            f"{said.size(params)} parameters, {said.size(tokens)} tokens<br>loss {said.loss(value)}, "
            f"{said.loss(low)} to {said.loss(high)}"
            for params, tokens, value, low, high in told
        ],
        hovertemplate="<b>The best at this compute</b><br>%{customdata}<extra></extra>",
    )


def _runs(result: Document, theme: Theme) -> list[go.Scatter]:
    return dots(result, theme, y="loss")


def _target(result: Document, theme: Theme) -> go.Scatter:
    target, estimate = asked.target(result), asked.loss(result) or {}
    value = estimate.get("value")
    bars = {
        "type": "data",
        "symmetric": False,
        "array": [estimate["high"] - value] if value else [],
        "arrayminus": [value - estimate["low"]] if value else [],
        "color": theme["ink"],
        "thickness": 1.5,
        "width": 6,
    }
    told = f"{said.size(target['params'])} parameters, {said.size(target['tokens'])} tokens"
    ends = f", {said.loss(estimate['low'])} to {said.loss(estimate['high'])}" if value else ""
    return go.Scatter(
        name="Target",
        x=[target["flops"]] if value else [],
        y=[value] if value else [],
        error_y=bars,
        mode="markers",
        marker={"color": theme["ink"], "size": 10, "symbol": "diamond"},
        hovertemplate=f"<b>The target</b><br>{told}<br>loss %{{y:.3f}}{ends}<extra></extra>",
    )


def _span(result: Document) -> list[float]:
    """What the axis holds: the whole band, and runs up to half again its height above it."""
    fan, estimate = asked.fan(result), asked.loss(result)
    low = min([*fan["low"], *([estimate["low"]] if estimate else [])])
    high = max(fan["high"])
    runs = [one["loss"] for one in asked.parts(result, "runs") if one["loss"] is not None]
    top = max([high, *(value for value in runs if value <= high + 0.5 * (high - low))])
    room = 0.04 * (top - low)
    return [low - room, top + room]
