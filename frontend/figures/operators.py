"""Measured against expected times of operators, on logarithmic axes: on the diagonal the datasheet is right."""

from collections.abc import Sequence
from html import escape
from typing import Any, Protocol

import plotly.graph_objects as go

from frontend.figures.scaling import log
from frontend.figures.theme import Theme
from solvers import units

COLOURS = 8
SYMBOLS = ("circle", "diamond")
BAND = 0.15


class Point(Protocol):
    """A measured row."""

    @property
    def recipe(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def node(self) -> str: ...
    @property
    def expected_s(self) -> float: ...
    @property
    def measured_s(self) -> float: ...
    @property
    def ratio(self) -> float: ...


def scatter(points: Sequence[Point], theme: Theme) -> go.Figure:
    """One colour for each recipe, the diagonal, and the band of 15 % about it."""
    seconds = [time for point in points for time in (point.expected_s, point.measured_s)]
    low, high = min(seconds) / 2.0, max(seconds) * 2.0
    recipes = list(dict.fromkeys(point.recipe for point in points))
    marks = [_marks(place, recipe, points, theme) for place, recipe in enumerate(recipes)]
    layout = theme.layout(
        height=430,
        xaxis=log.axis(theme, "Expected by the datasheet", [low, high], _said, room=0.0),
        yaxis=log.axis(theme, "Measured", [low, high], _said, room=0.0),
    )
    return go.Figure([*_band(low, high, theme), *marks], layout)


def colours(recipes: Sequence[str]) -> list[tuple[str, str]]:
    """Each recipe with the class of its colour, for the key beside the figure."""
    return [(recipe, f"fig-gpu-{place % COLOURS + 1}") for place, recipe in enumerate(recipes)]


def _marks(place: int, recipe: str, points: Sequence[Point], theme: Theme) -> go.Scatter:
    own = [point for point in points if point.recipe == recipe]
    return go.Scatter(
        name=recipe,
        x=[point.expected_s for point in own],
        y=[point.measured_s for point in own],
        mode="markers",
        marker={
            "size": 8,
            "color": theme[f"fig-gpu-{place % COLOURS + 1}"],
            "symbol": SYMBOLS[place // COLOURS % len(SYMBOLS)],
            "line": {"width": 1, "color": theme["surface"]},
        },
        hovertext=[_hover(point) for point in own],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _band(low: float, high: float, theme: Theme) -> list[go.Scatter]:
    ends = [low, high]
    edge: dict[str, Any] = {"mode": "lines", "line": {"width": 0, "simplify": False}, "hoverinfo": "skip"}
    above, below = ([(1.0 + share) * end for end in ends] for share in (BAND, -BAND))
    fill = {"fill": "tonexty", "fillcolor": theme.tint("accent", 0.16)}
    stroke = {"color": theme["line-strong"], "width": 1.5}
    return [
        go.Scatter(name="15 % shorter", x=ends, y=below, **edge),
        go.Scatter(name="Within 15 %", x=ends, y=above, **fill, **edge),
        go.Scatter(name="As expected", x=ends, y=ends, mode="lines", line=stroke, hoverinfo="skip"),
    ]


def _hover(point: Point) -> str:
    told = f"<b>{escape(point.recipe)}</b>, {escape(point.node)}<br>{escape(point.label)}"
    times = f"measured {_said(point.measured_s)}, expected {_said(point.expected_s)}"
    return f"{told}<br>{times}: {point.ratio:.3g} ×"


def _said(seconds: float) -> str:
    return units.show(seconds, units.DURATION)
