"""How many requests keep their limits at each rate: the curve with its band, the share that must, the rate asked."""

from bisect import bisect_right
from itertools import accumulate

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.serving import asked
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

HEIGHT = 280


def shown(result: Document) -> bool:
    """Whether the answer holds the curve."""
    return len(_points(result)) > 1


def title(result: Document) -> str:
    """The goodput beside the rate asked."""
    curve, rate = _curve(result), result["plan"]["rate_per_s"]
    most, spare = curve["goodput_per_s"], curve["goodput_per_s"] / rate - 1
    said = f"{_rate(most)} keep their limits"
    if spare >= 1:
        return f"{said}: {spare + 1:.1f} times the {_rate(rate)} asked"
    if spare >= 0.005:
        return f"{said}: {asked.percent(spare)} more than the {_rate(rate)} asked"
    if spare <= -0.005:
        return f"{said}: less than the {_rate(rate)} asked"
    return f"{said}: just the rate asked"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Attainment against the rate."""
    curve, points = _curve(result), _points(result)
    rates = [point["rate_per_s"] for point in points]
    ends = bounds(curve)
    band = go.Scatter(
        name="Interval",
        x=[rate for rate, _, _ in ends] + [rate for rate, _, _ in reversed(ends)],
        y=[100 * high for _, _, high in ends] + [100 * low for _, low, _ in reversed(ends)],
        mode="lines", line={"width": 0}, fill="toself", fillcolor=theme["accent-soft"], hoverinfo="skip",
    )  # fmt: skip
    line = go.Scatter(
        name="Attainment",
        x=rates,
        y=[100 * point["attainment"] for point in points],
        mode="lines+markers",
        line={"color": theme["fig-compute"], "width": 2},
        marker={"color": theme["fig-compute"], "size": 5},
        customdata=[[_rate(rate), *(_share(share) for share in shares)] for rate, *shares in _told(curve)],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]} keep their limits<br>"
        "%{customdata[2]} to %{customdata[3]}<extra></extra>",
    )
    best = go.Scatter(
        name="Goodput",
        x=[curve["goodput_per_s"]],
        y=[100 * curve["target"]],
        mode="markers",
        marker={"color": theme["accent"], "size": 11},
        hovertemplate=f"<b>Goodput {_rate(curve['goodput_per_s'])}</b><br>{_rate(curve['low'])} to "
        f"{_rate(curve['high'])}<extra></extra>",
    )  # fmt: skip
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        margin={"l": 56, "r": 16, "t": 22, "b": 44},
        xaxis=theme.axis("Rate of requests (/s)", rangemode="tozero", fixedrange=True),
        yaxis=theme.axis("Requests within all limits (%)", range=[0, 102], fixedrange=True),
    )
    return _lines(go.Figure([band, line, best], layout), result, theme)


def table(result: Document) -> Table:
    """The points of the curve."""
    rows = tuple((_rate(rate), *(_share(share) for share in shares)) for rate, *shares in _told(_curve(result)))
    return Table("Share of requests within all limits by rate", ("Rate", "Attainment", "Low", "High"), rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The curve, its band, its point, the two lines."""
    curve = _curve(result)
    level = units.show(result.get("interval_level", 0.8), units.SHARE)
    return (
        LegendEntry("compute", "Within all limits"),
        LegendEntry("compute", f"{level} interval", faint=True),
        LegendEntry("compute", "Goodput", f"{_rate(curve['low']).partition(' ')[0]} – {_rate(curve['high'])}"),
        LegendEntry("limit", "Must be", _share(curve["target"])),
        LegendEntry("other", "Rate asked", _rate(result["plan"]["rate_per_s"])),
    )


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def _lines(drawn: go.Figure, result: Document, theme: Theme) -> go.Figure:
    rate, target = result["plan"]["rate_per_s"], 100 * _curve(result)["target"]
    drawn.add_shape(
        type="line", x0=0, x1=1, xref="paper", y0=target, y1=target,
        line={"color": theme["bad"], "width": 1.5, "dash": "dash"},
    )  # fmt: skip
    drawn.add_shape(
        type="line", x0=rate, x1=rate, y0=0, y1=1, yref="paper",
        line={"color": theme["fig-other"], "width": 1.5, "dash": "dot"},
    )  # fmt: skip
    past = rate > 0.5 * max(point["rate_per_s"] for point in _points(result))
    return drawn.add_annotation(
        x=rate, y=1, yref="paper", yanchor="bottom", xanchor="right" if past else "left", showarrow=False,
        text=f"asked {_rate(rate)}", font={"color": theme["ink-2"], "size": 12},
    )  # fmt: skip


def bounds(curve: Document) -> list[tuple[float, float, float]]:
    """Rate, low and high of the interval: what the draws of the traffic and the calibration leave open.

    Each end's curves are read between their points and continued beyond them. More requests never keep more of them
    within the limits.
    """
    points = sorted(curve["points"], key=lambda point: float(point["rate_per_s"]))
    lows = [[point["rate_per_s"], point["low"]] for point in points]
    highs = [[point["rate_per_s"], point["high"]] for point in points]
    worse, better = ([_falling(line) for line in curve.get(end, ())] for end in ("worse", "better"))
    rates = sorted({rate for line in (lows, *worse, *better) for rate, _ in line})
    least, most = lows[0][0], lows[-1][0]

    def ends(rate: float, drawn: list[list[float]], lines: list[list[list[float]]]) -> list[float]:
        inside = [drawn] if least <= rate <= most or not lines else []
        return [_at(line, rate) for line in (*inside, *lines)]

    low = [min(ends(rate, lows, worse)) for rate in rates]
    high = [max(ends(rate, highs, better)) for rate in rates]
    rising = list(accumulate(reversed(high), max))
    return list(zip(rates, accumulate(low, min), reversed(rising), strict=True))


def _told(curve: Document) -> list[tuple[float, float, float, float]]:
    """Rate, attainment, low and high of each point of the curve."""
    ends = {rate: (low, high) for rate, low, high in bounds(curve)}
    points = sorted(curve["points"], key=lambda point: float(point["rate_per_s"]))
    return [(point["rate_per_s"], point["attainment"], *ends[point["rate_per_s"]]) for point in points]


def _falling(line: list[list[float]]) -> list[list[float]]:
    """The same without the rises that few draws of the traffic make."""
    shares = accumulate((share for _, share in line), min)
    return [[rate, share] for (rate, _), share in zip(line, shares, strict=True)]


def _at(line: list[list[float]], rate: float) -> float:
    """The share at a rate: read between the points of a line, the same before them, falling on as it fell after."""
    after = min(bisect_right([at for at, _ in line], rate), len(line) - 1)
    if after == 0:
        return line[0][1]
    (left, high), (right, low) = line[after - 1], line[after]
    return max(high + (low - high) * (rate - left) / (right - left), 0.0)


def _curve(result: Document) -> Document:
    found: Document = result["explanation"].get("goodput_curve") or {}
    return found


def _points(result: Document) -> list[Document]:
    return sorted(_curve(result).get("points", ()), key=lambda point: float(point["rate_per_s"]))


def _rate(value: float) -> str:
    return f"{units.show(value, units.COUNT_RATE)}".replace(" /s", " requests/s")


def _share(value: float) -> str:
    return units.show(round(value, 4), units.SHARE)
