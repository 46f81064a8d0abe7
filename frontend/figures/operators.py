"""Measured against expected times of operators, on logarithmic axes: on the diagonal what is expected is right.

Where it is not the datasheet that lets expect, what the datasheet says of the same rows stands behind, hollow.
"""

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
    def datasheet_s(self) -> float | None: ...
    @property
    def left_out(self) -> bool: ...
    @property
    def ratio(self) -> float: ...


def scatter(
    points: Sequence[Point],
    theme: Theme,
    *,
    recipes: Sequence[str],
    by: str = "the datasheet",
    before: bool = False,
) -> go.Figure:
    """One colour for each of the recipes, the diagonal, and the band of 15 % about it.

    `recipes` may be more than have points: a recipe's colour is the same whatever lets expect. `by` says what does;
    with `before` the datasheet's expectations stand behind.
    """
    behind = [(point.datasheet_s, point.measured_s) for point in points if before and point.datasheet_s is not None]
    times = [*behind, *((point.expected_s, point.measured_s) for point in points)]
    seconds = [time for pair in times for time in pair]
    low, high = min(seconds) / 2.0, max(seconds) * 2.0
    drawn = {point.recipe for point in points}
    marks = [_marks(place, recipe, points, theme) for place, recipe in enumerate(recipes) if recipe in drawn]
    layout = theme.layout(
        height=430,
        xaxis=log.axis(theme, f"Expected by {by}", [low, high], _said, room=0.0),
        yaxis=log.axis(theme, "Measured", [low, high], _said, room=0.0),
    )
    return go.Figure([*_band(low, high, theme), *_before(behind, theme), *marks], layout)


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


def _before(behind: Sequence[tuple[float, float]], theme: Theme) -> list[go.Scatter]:
    if not behind:
        return []
    expected, measured = zip(*behind, strict=True)
    marker = {"size": 6, "symbol": "circle-open", "color": theme["ink-3"], "line": {"width": 1}}
    return [
        go.Scatter(name="By the datasheet", x=expected, y=measured, mode="markers", marker=marker, hoverinfo="skip")
    ]


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
    seen = "<br>learned from, and left out of what is expected" if point.left_out else ""
    return f"{told}<br>{times}: {point.ratio:.3g} ×{seen}"


def _said(seconds: float) -> str:
    return units.show(seconds, units.DURATION)
