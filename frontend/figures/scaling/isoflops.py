"""Loss against size at levels of compute: each a valley whose lowest point is the size to train."""

from itertools import groupby
from typing import Any

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
COLUMNS = ("Compute", "Best size", "Tokens", "Tokens a parameter", "Loss", "At half the size", "At twice the size")
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
    """Each level: the best size and its tokens, the loss there, what half or twice the size would cost, and gaps."""
    gaps = bool(_gaps(result))
    rows = tuple(
        (
            said.flops(level["flops"]),
            said.size(level["best_params"]),
            said.size(tokens(level)),
            said.number(tokens(level) / level["best_params"]),
            said.loss(lowest(level)),
            _rise(costs(level, 1 / OTHER)),
            _rise(costs(level, OTHER)),
            *([_where(level)] if gaps else []),
        )
        for level in asked.parts(result, "isoflops")
    )
    caption = f"The best size ({asked.counts(result)}) of each level of compute"
    return Table(caption, (*COLUMNS, *(["Law that does not count"] if gaps else [])), rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """From the paler to the fuller line, the interval of the last, and why lines have gaps."""
    levels, gaps = asked.parts(result, "isoflops"), _gaps(result)
    ends = f"{said.flops(levels[0]['flops'])} (pale) to {said.flops(levels[-1]['flops'])}"
    why = f"Gap: where {' or '.join(gaps)} says that more does harm, it does not count"
    return (
        LegendEntry("accent", ends),
        LegendEntry("accent", f"{fan.level(result)} interval of the last", faint=True),
        *([LegendEntry("other", why)] if gaps else []),
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
    return [(level["params"][place], level["loss"][place]) for part in _parts(level) for place in part]


def _parts(level: Document) -> list[list[int]]:
    """The places of a valley that are drawn, in parts of which each is told by the same laws."""
    most = (1 + SHOWN) * lowest(level)
    kept = [place for place, loss in enumerate(level["loss"]) if loss <= most]
    return [list(part) for _, part in groupby(kept, key=lambda place: _silent(level, level["params"][place]))]


def _silent(level: Document, params: float) -> tuple[str, ...]:
    """The laws that do not count at a size; older answers do not tell."""
    found = level.get("not_counted", [])
    return tuple(one["title"] for one in found if one["least_params"] <= params <= one["most_params"])


def _gaps(result: Document) -> list[str]:
    """The laws for which lines have gaps."""
    broken = [level for level in asked.parts(result, "isoflops") if len(_parts(level)) > 1]
    return sorted({law for level in broken for size, _ in _near(level) for law in _silent(level, size)})


def _where(level: Document) -> str:
    """`Farseer from 9.52B to 44.3B`."""
    ranges = [
        f"{one['title']} from {said.size(one['least_params'])} to {said.size(one['most_params'])}"
        for one in level.get("not_counted", [])
    ]
    return ", ".join(ranges) or "–"


def _broken(parts: list[list[Any]]) -> list[Any]:
    """The parts after one another with a gap between: nothing is drawn from one to the next."""
    return [*parts[0], *(value for part in parts[1:] for value in (None, *part))]


def _lows(level: Document) -> list[tuple[float, float]]:
    """The lower ends of a valley, each with the loss that it is of."""
    return list(zip(level["low"], level["loss"], strict=True))


def _line(level: Document, place: int, count: int, theme: Theme) -> go.Scatter:
    strength = FAINTEST + (1 - FAINTEST) * (place + 1) / count
    parts = _parts(level)
    return go.Scatter(
        name=said.flops(level["flops"]),
        x=_broken([[level["params"][place] for place in part] for part in parts]),
        y=_broken([[level["loss"][place] for place in part] for part in parts]),
        mode="lines",
        connectgaps=False,
        line={"color": theme.tint("accent", strength), "width": 2},
        customdata=_broken([[said.size(level["params"][place]) for place in part] for part in parts]),
        hovertemplate=f"<b>{said.flops(level['flops'])}</b><br>%{{customdata}} parameters<br>loss %{{y:.3f}}"
        "<extra></extra>",
    )


def _band(level: Document, theme: Theme) -> go.Scatter:
    parts = _parts(level)
    return go.Scatter(
        name="Interval",
        x=_broken([[level["params"][place] for place in (*part, *reversed(part))] for part in parts]),
        y=_broken(
            [
                [*(level["high"][place] for place in part), *(level["low"][place] for place in reversed(part))]
                for part in parts
            ]
        ),
        mode="lines",
        line={"width": 0, "simplify": False},
        fill="toself",
        fillcolor=theme.tint("accent", 0.12),
        hoverinfo="skip",
    )
