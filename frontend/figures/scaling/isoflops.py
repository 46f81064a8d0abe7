"""Loss against size at levels of compute: each a valley whose lowest point is the size to train."""

import numpy as np
import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, fan, log, said
from frontend.figures.theme import Theme
from solvers.documents import Document

HEIGHT = 340
FAINTEST = 0.3
OTHER = 2.0
"""The table and the title say what so many times larger or smaller a model costs."""
SHOWN = 0.08
"""How far above its lowest point each valley is drawn, as a share of the loss."""


def shown(result: Document) -> bool:
    """Whether there are levels."""
    return bool(asked.parts(result, "isoflops"))


def title(result: Document) -> str:
    """The best size of the last level, and how much it matters."""
    last = asked.parts(result, "isoflops")[-1]
    rises = [rise for rise in (costs(last, 1 / OTHER), costs(last, OTHER)) if rise is not None]
    tail = f"; half or twice that costs up to {said.percent(max(rises))} of the loss" if rises else ""
    alone = " for training alone" if asked.target(result)["how"] == "with_serving" else ""
    return f"{said.size(last['best_params'])} parameters are best{alone} at {said.flops(last['flops'])}{tail}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A line for each level, its lowest point, and the interval of the last."""
    levels = asked.parts(result, "isoflops")
    lines = [_line(level, place, len(levels), theme) for place, level in enumerate(levels)]
    best = go.Scatter(
        name="Best size",
        x=[level["best_params"] for level in levels],
        y=[lowest(level) for level in levels],
        mode="lines+markers",
        line={"color": theme["ink-3"], "width": 1, "dash": "dot"},
        marker={"color": theme["accent"], "size": 8, "line": {"color": theme["surface"], "width": 1}},
        customdata=[
            f"{said.size(level['best_params'])} parameters, {said.size(tokens(level))} tokens" for level in levels
        ],
        hovertemplate="<b>The best of its level</b><br>%{customdata}<br>loss %{y:.3f}<extra></extra>",
    )
    sizes = [size for level in levels for size, _ in _near(level)]
    losses = [loss for level in levels for _, loss in _near(level)]
    low = min([*losses, *(low for low, loss in _lows(levels[-1]) if loss in losses)])
    room = 0.04 * (max(losses) - low)
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        xaxis=log.axis(theme, asked.params_axis(result), sizes, said.size),
        yaxis=theme.axis(asked.loss_axis(result), range=[low - room, max(losses) + room], fixedrange=True),
    )
    return go.Figure([_band(levels[-1], theme), *lines, best], layout)


def table(result: Document) -> Table:
    """Each level: the best size and its tokens, the loss there, and what half or twice the size would cost."""
    rows = tuple(
        (
            said.flops(level["flops"]),
            said.size(level["best_params"]),
            said.size(tokens(level)),
            said.number(tokens(level) / level["best_params"]),
            said.loss(lowest(level)),
            _rise(costs(level, 1 / OTHER)),
            _rise(costs(level, OTHER)),
        )
        for level in asked.parts(result, "isoflops")
    )
    columns = ("Compute", "Best size", "Tokens", "Tokens a parameter", "Loss", "At half the size", "At twice the size")
    return Table(f"The best size ({asked.counts(result)}) of each level of compute", columns, rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """From the paler to the fuller line, and the interval of the last."""
    levels = asked.parts(result, "isoflops")
    ends = f"{said.flops(levels[0]['flops'])} (pale) to {said.flops(levels[-1]['flops'])}"
    return (
        LegendEntry("accent", ends),
        LegendEntry("accent", f"{fan.level(result)} interval of the last", faint=True),
    )


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def lowest(level: Document) -> float:
    """The loss at the best size."""
    return _loss(level, level["best_params"])


def tokens(level: Document) -> float:
    """The tokens that go with the best size."""
    return float(np.exp(np.interp(np.log(level["best_params"]), np.log(level["params"]), np.log(level["tokens"]))))


def costs(level: Document, times: float) -> float | None:
    """The share by which the loss is higher at so many times the best size; None beyond what was asked."""
    at = level["best_params"] * times
    if not level["params"][0] <= at <= level["params"][-1]:
        return None
    return _loss(level, at) / lowest(level) - 1


def _loss(level: Document, params: float) -> float:
    return float(np.interp(np.log(params), np.log(level["params"]), level["loss"]))


def _rise(share: float | None) -> str:
    return "–" if share is None else f"+{said.percent(share)}"


def _near(level: Document) -> list[tuple[float, float]]:
    """The points of a valley that are drawn."""
    most = (1 + SHOWN) * lowest(level)
    return [(size, loss) for size, loss in zip(level["params"], level["loss"], strict=True) if loss <= most]


def _lows(level: Document) -> list[tuple[float, float]]:
    """The lower ends of a valley, each with the loss that it is of."""
    return list(zip(level["low"], level["loss"], strict=True))


def _line(level: Document, place: int, count: int, theme: Theme) -> go.Scatter:
    strength = FAINTEST + (1 - FAINTEST) * (place + 1) / count
    points = _near(level)
    return go.Scatter(
        name=said.flops(level["flops"]),
        x=[size for size, _ in points],
        y=[loss for _, loss in points],
        mode="lines",
        line={"color": theme.tint("accent", strength), "width": 2},
        customdata=[said.size(size) for size, _ in points],
        hovertemplate=f"<b>{said.flops(level['flops'])}</b><br>%{{customdata}} parameters<br>loss %{{y:.3f}}"
        "<extra></extra>",
    )


def _band(level: Document, theme: Theme) -> go.Scatter:
    most = (1 + SHOWN) * lowest(level)
    kept = [place for place, loss in enumerate(level["loss"]) if loss <= most]
    sizes = [level["params"][place] for place in kept]
    return go.Scatter(
        name="Interval",
        x=[*sizes, *reversed(sizes)],
        y=[*(level["high"][place] for place in kept), *(level["low"][place] for place in reversed(kept))],
        mode="lines",
        line={"width": 0, "simplify": False},
        fill="toself",
        fillcolor=theme.tint("accent", 0.12),
        hoverinfo="skip",
    )
