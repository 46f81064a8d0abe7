"""How accurate a kind is: every held-out group's error beside the guess's, the worst on top."""

from html import escape

import plotly.graph_objects as go

from frontend.figures.register import above
from frontend.figures.theme import Theme
from solvers.accuracy.document import Groups
from solvers.accuracy.table import by_error, percent

ROW, FRAME = 34, 58


def title(of: Groups) -> str:
    """What the chart shows."""
    nearer = sum(one.error < one.baseline for one in of.groups)
    every = len(of.groups)
    told = f"for all {every} groups" if nearer == every else f"for {nearer} of {every} groups"
    return f"Nearer than the guess {told}"


def figure(of: Groups, theme: Theme) -> go.Figure:
    """A line of two dots for each group; errors in per cent."""
    groups = by_error(of)
    places = list(range(len(groups)))
    names = [escape(one.name) for one in groups]
    most = 100.0 * max(share for one in groups for share in (one.error, one.baseline))
    joins = go.Scatter(
        name="Between",
        x=[x for one in groups for x in (100.0 * one.error, 100.0 * one.baseline, None)],
        y=[y for place in places for y in (place, place, None)],
        mode="lines",
        line={"color": theme["line-strong"], "width": 1},
        hoverinfo="skip",
    )
    guesses = _dots("Guess", [one.baseline for one in groups], names, theme["fig-other"])
    errors = _dots("Here", [one.error for one in groups], names, theme["accent"])
    layout = theme.layout(
        height=height(of),
        margin={"l": 16, "r": 20, "t": 8, "b": 44},
        annotations=[above(place, name, theme) for place, name in enumerate(names)],
        xaxis=theme.axis(of.axis, ticksuffix=" %", fixedrange=True, range=[-0.03 * most, 1.06 * most], nticks=7),
        yaxis={"visible": False, "range": [len(groups) - 0.6, -0.8], "fixedrange": True},
    )
    return go.Figure([joins, guesses, errors], layout)


def height(of: Groups) -> int:
    """In pixels."""
    return FRAME + ROW * len(of.groups)


def _dots(name: str, shares: list[float], names: list[str], colour: str) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[100.0 * share for share in shares],
        y=list(range(len(shares))),
        mode="markers",
        marker={"size": 10, "color": colour},
        hovertext=[
            f"<b>{group}</b><br>{name.lower()}: {percent(share)}" for group, share in zip(names, shares, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
