"""Forecasts and what came of them: where one outcome fell, and how far each fell from the middle of its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures.scaling import log
from frontend.figures.theme import Theme
from solvers.documents import Document

ROW, FRAME = 46, 66
# Of a name above the middle of its bar, in pixels.
ABOVE = 8
BAND = 0.16
# Plotly would leave points of an edge out, and the band would be narrower than the interval.
EDGE = {"width": 0, "simplify": False}
LONGEST = 36
FLOPS_PER_PARAM_AND_TOKEN = 6.0


@dataclass(frozen=True)
class Line:
    """A forecast and its outcome, as shares of the loss that was forecast; `came` is None while it is awaited."""

    name: str
    low: float
    high: float
    came: float | None
    inside: bool
    counts: bool


def line(name: str, statement: Document, outcome: Document | None) -> Line:
    """The line of a frozen statement and of the outcome that counts: {loss, score}."""
    loss = statement["loss"]
    low, high = loss["low"] / loss["value"] - 1.0, loss["high"] / loss["value"] - 1.0
    if outcome is None:
        return Line(name, low, high, None, inside=False, counts=False)
    score = outcome["score"]
    came = outcome["loss"] / loss["value"] - 1.0
    return Line(name, low, high, came, inside=score["inside"], counts=not score["apart"])


def intervals(lines: Sequence[Line], theme: Theme) -> go.Figure:
    """Every interval about its own forecast, with its outcome in it or beside it; the latest on top."""
    places = list(range(len(lines)))
    names = [escape(_short(each.name)) for each in lines]
    widths = [100.0 * (each.high - each.low) for each in lines]
    bars = go.Bar(
        name="Interval",
        orientation="h",
        y=places,
        base=[100.0 * each.low for each in lines],
        x=widths,
        width=0.34,
        marker={"color": theme.tint("accent", 0.3)},
        hovertext=[f"<b>{name}</b><br>interval {_ends(each)}" for name, each in zip(names, lines, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    layout = theme.layout(
        height=FRAME + ROW * len(lines),
        margin={"l": 4, "r": 16, "t": 4, "b": 44},
        shapes=[_upright(0.0, theme)],
        annotations=[above(place, name, theme) for place, name in enumerate(names)],
        xaxis=theme.axis("Measured, apart from the forecast", ticksuffix=" %", fixedrange=True, nticks=7),
        yaxis={"visible": False, "range": [len(lines) - 0.5, -0.75], "fixedrange": True},
    )
    return go.Figure([bars, _outcomes(lines, names, theme)], layout)


def placed(statement: Document, outcomes: Sequence[Document], theme: Theme) -> go.Figure:
    """The interval of one forecast on the axis of its loss, with what was measured; the last is what counts."""
    loss, unit = statement["loss"], statement["target"]["loss_unit"]
    band = go.Bar(
        name="Interval",
        orientation="h",
        y=[0],
        base=[loss["low"]],
        x=[loss["high"] - loss["low"]],
        width=0.5,
        marker={"color": theme.tint("accent", 0.3)},
        hovertext=[f"{statement['level']:.0%} between {said(loss['low'])} and {said(loss['high'])}"],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    middle = go.Scatter(
        name="Forecast",
        x=[loss["value"]],
        y=[0],
        mode="markers",
        marker={"symbol": "line-ns", "size": 34, "line": {"width": 2, "color": theme["accent"]}},
        hovertemplate=f"forecast {said(loss['value'])}<extra></extra>",
    )
    layout = theme.layout(
        height=150,
        margin={"l": 16, "r": 16, "t": 8, "b": 44},
        xaxis=theme.axis(f"Loss ({unit})", range=_about(loss, outcomes), fixedrange=True, showgrid=False),
        yaxis={"visible": False, "range": [-0.5, 0.5], "fixedrange": True},
    )
    return go.Figure([band, middle, *_measured(outcomes, theme)], layout)


def fan(statement: Document, known: Document, outcomes: Sequence[Document], theme: Theme) -> go.Figure:
    """How the loss was forecast to fall with compute, and where what was measured lies. `known` is the plan's fan."""
    unit = statement["target"]["loss_unit"]
    low, high = ({"x": known["flops"], "y": known[end], "mode": "lines", "line": EDGE} for end in ("low", "high"))
    traces = [
        go.Scatter(name="Low", hoverinfo="skip", **low),
        go.Scatter(name="Interval", fill="tonexty", fillcolor=theme.tint("accent", BAND), hoverinfo="skip", **high),
        go.Scatter(
            name="Forecast",
            x=known["flops"],
            y=known["value"],
            mode="lines",
            line={"color": theme["accent"], "width": 2},
            hovertemplate="%{x:.2g} FLOP<br>loss %{y:.4g}<extra></extra>",
        ),
        _target(statement, theme),
    ]
    last = outcomes[-1:]
    if last:
        traces.append(_marker("Measured", [_flops(statement, last[0])], [last[0]["loss"]], [last[0]], theme))
    layout = theme.layout(
        height=320,
        xaxis=log.axis(theme, "Compute (FLOP)", [flops for trace in traces for flops in trace.x], log.ten),
        yaxis=theme.axis(f"Loss ({unit})", type="log", nticks=6),
    )
    return go.Figure(traces, layout)


def said(loss: float) -> str:
    """A loss with four digits, also where the last of them is nought."""
    return f"{loss:.3f}" if loss >= 1.0 else f"{loss:.4f}"


def percent(share: float, *, signed: bool = False) -> str:
    """A share in per cent: `+0.42 %`."""
    sign = "+" if signed and share > 0 else ""
    return f"{sign}{100.0 * share:.2f} %".replace("-", "\u2212")


def _target(statement: Document, theme: Theme) -> go.Scatter:
    loss = statement["loss"]
    error = {
        "type": "data",
        "symmetric": False,
        "array": [loss["high"] - loss["value"]],
        "arrayminus": [loss["value"] - loss["low"]],
        "color": theme["accent"],
    }
    return go.Scatter(
        name="Frozen",
        x=[_flops(statement, {})],
        y=[loss["value"]],
        error_y=error,
        mode="markers",
        marker={"color": theme["accent"], "size": 7},
        hovertemplate=f"frozen: {said(loss['value'])}, {said(loss['low'])} to {said(loss['high'])}<extra></extra>",
    )


def _flops(statement: Document, outcome: Document) -> float:
    """6 N D of the run that was made as far as it was told, else of the one that was forecast."""
    target = statement["target"]
    if not outcome.get("params") and not outcome.get("tokens") and target.get("flops"):
        return float(target["flops"])
    params, tokens = outcome.get("params") or target["params"], outcome.get("tokens") or target["tokens"]
    return float(FLOPS_PER_PARAM_AND_TOKEN * params * tokens)


def _measured(outcomes: Sequence[Document], theme: Theme) -> list[go.Scatter]:
    earlier, last = outcomes[:-1], outcomes[-1:]
    traces = []
    if earlier:
        losses = [each["loss"] for each in earlier]
        traces.append(
            go.Scatter(
                name="Corrected",
                x=losses,
                y=[0] * len(losses),
                mode="markers",
                marker={"symbol": "circle-open", "size": 11, "color": theme["ink-3"]},
                hovertext=[f"recorded as {said(loss)}, since corrected" for loss in losses],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    if last:
        traces.append(_marker("Measured", [last[0]["loss"]], [0], list(last), theme))
    return traces


def _marker(name: str, x: list[float], y: list[float], outcomes: list[Document], theme: Theme) -> go.Scatter:
    colours = [theme["good" if each["score"]["inside"] else "bad"] for each in outcomes]
    return go.Scatter(
        name=name,
        x=x,
        y=y,
        mode="markers",
        marker={"size": 13, "color": colours, "line": {"width": 1.5, "color": theme["surface"]}},
        hovertext=[f"measured {said(each['loss'])}" for each in outcomes],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _outcomes(lines: Sequence[Line], names: list[str], theme: Theme) -> go.Scatter:
    found = [(place, each) for place, each in enumerate(lines) if each.came is not None]
    colours = [theme["good" if each.inside else "bad"] if each.counts else theme["ink-3"] for _, each in found]
    return go.Scatter(
        name="Measured",
        x=[100.0 * (each.came or 0.0) for _, each in found],
        y=[place for place, _ in found],
        mode="markers",
        marker={
            "size": 12,
            "color": colours,
            "symbol": ["circle" if each.counts else "circle-open" for _, each in found],
            "line": {"width": 1.5, "color": theme["surface"]},
        },
        hovertext=[
            f"<b>{names[place]}</b><br>measured {percent(each.came or 0.0, signed=True)}" for place, each in found
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def above(place: int, name: str, theme: Theme) -> dict[str, Any]:
    """A name at the left edge, above its bar, so that it takes no room from the bars on a phone."""
    where = {"x": 0, "xref": "paper", "y": place, "xanchor": "left", "yanchor": "bottom", "yshift": ABOVE}
    return {"text": name, "font": {"color": theme["ink-2"], "size": 12}, "showarrow": False, **where}


def _upright(x: float, theme: Theme) -> dict[str, Any]:
    stroke = {"color": theme["line-strong"], "width": 1}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": stroke, "layer": "below"}


def _about(loss: Document, outcomes: Sequence[Document]) -> list[float]:
    """From a little below the lowest to a little above the highest of what is drawn."""
    ends = [loss["low"], loss["high"], *(each["loss"] for each in outcomes)]
    room = 0.12 * (max(ends) - min(ends)) or 0.01 * loss["value"]
    return [min(ends) - room, max(ends) + room]


def _ends(each: Line) -> str:
    return f"{percent(each.low, signed=True)} to {percent(each.high, signed=True)}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
