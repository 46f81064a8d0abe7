"""How long requests wait: the share of them that is done by a time, with its band, against the limit."""

import math
from dataclasses import dataclass

import plotly.graph_objects as go

from frontend.figures.base import Chart, LegendEntry, Table
from frontend.figures.serving import asked
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

HEIGHT = 260
TOLD = (0.5, 0.9, 0.95, 0.99)
MS = 1e-3
"""Times up to `MOST_MS` are drawn in milliseconds."""
MOST_MS = 2.0
FAR = 12.0
"""A limit so many times beyond the 99th percentile is written at the edge of the chart instead of drawn."""


@dataclass(frozen=True)
class Cdf:
    """One metric's distribution: `seconds[i]` is waited by `shares[i]` of the requests at most."""

    shares: tuple[float, ...]
    seconds: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    limit: float | None

    def within(self, limit: float) -> float:
        """The share of requests below `limit`, read between the points."""
        if limit <= self.seconds[0]:
            return 0.0 if limit < self.seconds[0] else self.shares[0]
        for index in range(1, len(self.seconds)):
            if limit < self.seconds[index]:
                left, right = self.seconds[index - 1], self.seconds[index]
                along = (limit - left) / (right - left)
                return self.shares[index - 1] + along * (self.shares[index] - self.shares[index - 1])
        return self.shares[-1]


def chart(metric: str) -> Chart:
    """The chart of `ttft`, `tpot` or `e2e`."""
    return Chart(
        metric,
        title=lambda result: title(result, metric),
        figure=lambda result, theme: figure(result, theme, metric),
        table=lambda result: table(result, metric),
        legend=lambda result: legend(result, metric),
        height=lambda _: HEIGHT,
        shown=lambda result: shown(result, metric),
    )


def shown(result: Document, metric: str) -> bool:
    """Whether the answer holds the distribution; that of whole answers only where a limit was given."""
    held = bool(result["explanation"].get("latency", {}).get(metric, {}).get("quantiles"))
    return held and (metric != "e2e" or asked.limit(result, metric) is not None)


def title(result: Document, metric: str) -> str:
    """The asked percentile, and how far that is from the limit."""
    cdf = _cdf(result, metric)
    name = asked.METRICS[metric]
    if cdf.limit is None:
        return (
            f"{name}: half within {asked.seconds(_at(cdf, 0.5))}, {_percent(0.9)} within {asked.seconds(_at(cdf, 0.9))}"
        )
    kept = cdf.within(cdf.limit)
    said = f"more than {_percent(cdf.shares[-1])}" if kept >= cdf.shares[-1] else _percent(kept)
    return f"{name}: {said} keep the limit of {asked.seconds(cdf.limit)}"


def figure(result: Document, theme: Theme, metric: str) -> go.Figure:
    """The distribution as a line, its interval as a band, the limit as a dashed line."""
    cdf = _cdf(result, metric)
    scale, unit = (MS, "ms") if _reach(cdf) <= MOST_MS else (1.0, "s")
    shares = [100 * share for share in cdf.shares]
    band = go.Scatter(
        name="Interval",
        x=[value / scale for value in (*cdf.low, *reversed(cdf.high))],
        y=[*shares, *reversed(shares)],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=theme["accent-soft"],
        hoverinfo="skip",
    )
    line = go.Scatter(
        name=asked.METRICS[metric],
        x=[value / scale for value in cdf.seconds],
        y=shares,
        mode="lines",
        line={"color": theme["fig-compute"], "width": 2},
        customdata=[_hover(cdf, index) for index in range(len(shares))],
        hovertemplate="%{customdata}<extra></extra>",
    )
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        margin={"l": 52, "r": 16, "t": 22, "b": 44},
        xaxis=theme.axis(f"{asked.METRICS[metric]} ({unit})", range=[0, 1.02 * _reach(cdf) / scale], fixedrange=True),
        yaxis=theme.axis("Requests (%)", range=[0, 101], fixedrange=True),
    )
    drawn = go.Figure([band, line], layout)
    if cdf.limit is not None:
        _limit(drawn, cdf.limit, scale, result, theme)
    return drawn


def table(result: Document, metric: str) -> Table:
    """The usual percentiles with their intervals, and the limit."""
    cdf = _cdf(result, metric)
    told = sorted({*(share for share in TOLD if share in cdf.shares), asked.share(result)} & set(cdf.shares))
    rows = tuple(
        (_percent(share), asked.seconds(cdf.seconds[at]), asked.seconds(cdf.low[at]), asked.seconds(cdf.high[at]))
        for share in told
        for at in [cdf.shares.index(share)]
    )
    limit = "" if cdf.limit is None else f"; the limit is {asked.seconds(cdf.limit)}"
    return Table(f"{asked.METRICS[metric]}{limit}", ("Requests", "Within", "Low", "High"), rows)


def legend(result: Document, metric: str) -> tuple[LegendEntry, ...]:
    """The line, its band, the limit."""
    level = units.show(result.get("interval_level", 0.8), units.SHARE)
    entries = [LegendEntry("compute", "Simulated"), LegendEntry("compute", f"{level} interval", faint=True)]
    limit = asked.limit(result, metric)
    return (*entries, *([LegendEntry("limit", "Limit", asked.seconds(limit))] if limit is not None else []))


def _cdf(result: Document, metric: str) -> Cdf:
    found = result["explanation"]["latency"][metric]
    shares, seconds = zip(*found["quantiles"], strict=True)
    low, high = (tuple(found.get(end) or seconds) for end in ("low", "high"))
    return Cdf(shares, seconds, low, high, asked.limit(result, metric))


def _at(cdf: Cdf, share: float) -> float:
    """The seconds of the first point that holds `share` of the requests."""
    return next((value for value, held in zip(cdf.seconds, cdf.shares, strict=True) if held >= share), cdf.seconds[-1])


def _reach(cdf: Cdf) -> float:
    """What the axis has to hold: nearly all requests, and the limit unless it is far beyond; a far tail is cut off."""
    tail = _at(cdf, 0.99)
    held = min(max(cdf.high), 2 * tail)
    return max(held, 1.08 * cdf.limit) if cdf.limit is not None and cdf.limit <= FAR * tail else held


def _limit(drawn: go.Figure, limit: float, scale: float, result: Document, theme: Theme) -> None:
    across = 100 * asked.share(result)
    dashed = {"color": theme["bad"], "width": 1.5, "dash": "dash"}
    edge = drawn.layout.xaxis.range[1]
    beyond = limit / scale > edge
    if not beyond:
        drawn.add_shape(type="line", x0=limit / scale, x1=limit / scale, y0=0, y1=1, yref="paper", line=dashed)
    drawn.add_shape(
        type="line", x0=0, x1=1, xref="paper", y0=across, y1=across,
        line={"color": theme["line-strong"], "width": 1, "dash": "dot"},
    )  # fmt: skip
    past = limit / scale > 0.5 * edge
    drawn.add_annotation(
        x=min(limit / scale, edge), y=1, yref="paper", yanchor="bottom", xanchor="right" if past else "left",
        showarrow=False, text=f"limit {asked.seconds(limit)}{' →' if beyond else ''}",
        font={"color": theme["bad"], "size": 12},
    )  # fmt: skip


def _hover(cdf: Cdf, index: int) -> str:
    share, seconds = cdf.shares[index], cdf.seconds[index]
    bounds = f"{asked.seconds(cdf.low[index])} to {asked.seconds(cdf.high[index])}"
    return f"<b>{_percent(share)} within {asked.seconds(seconds)}</b><br>{bounds}"


def _percent(share: float) -> str:
    """Shares near one need their digits."""
    digits = 1 if share > 0.985 else 0
    rounded = math.floor(share * 10 ** (2 + digits) + 1e-9) / 10**digits
    return f"{rounded:g} %"
