"""How many requests keep their limits at each rate: the curve with its band, the share that must, the rate asked."""

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
    band = go.Scatter(
        name="Interval",
        x=[*rates, *reversed(rates)],
        y=[100 * point["high"] for point in points] + [100 * point["low"] for point in reversed(points)],
        mode="lines", line={"width": 0}, fill="toself", fillcolor=theme["accent-soft"], hoverinfo="skip",
    )  # fmt: skip
    line = go.Scatter(
        name="Attainment",
        x=rates,
        y=[100 * point["attainment"] for point in points],
        mode="lines+markers",
        line={"color": theme["fig-compute"], "width": 2},
        marker={"color": theme["fig-compute"], "size": 5},
        customdata=[
            [_rate(point["rate_per_s"]), *(_share(point[name]) for name in ("attainment", "low", "high"))]
            for point in points
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]} keep their limits<br>"
        "%{customdata[2]} to %{customdata[3]}<extra></extra>",
    )
    best = go.Scatter(
        name="Goodput",
        x=[curve["goodput_per_s"]],
        y=[100 * curve["target"]],
        mode="markers",
        marker={"color": theme["accent"], "size": 11},
        error_x={
            "type": "data", "symmetric": False, "array": [curve["high"] - curve["goodput_per_s"]],
            "arrayminus": [curve["goodput_per_s"] - curve["low"]], "color": theme["accent"], "thickness": 1.5,
        },
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
    rows = tuple(
        (_rate(point["rate_per_s"]), *(_share(point[name]) for name in ("attainment", "low", "high")))
        for point in _points(result)
    )
    return Table("Share of requests within all limits by rate", ("Rate", "Attainment", "Low", "High"), rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The curve, its band, its point, the two lines."""
    curve = _curve(result)
    level = units.show(result.get("interval_level", 0.8), units.SHARE)
    return (
        LegendEntry("compute", "Within all limits"),
        LegendEntry("compute", f"{level} interval", faint=True),
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


def _curve(result: Document) -> Document:
    found: Document = result["explanation"].get("goodput_curve") or {}
    return found


def _points(result: Document) -> list[Document]:
    return sorted(_curve(result).get("points", ()), key=lambda point: float(point["rate_per_s"]))


def _rate(value: float) -> str:
    return f"{units.show(value, units.COUNT_RATE)}".replace(" /s", " requests/s")


def _share(value: float) -> str:
    return units.show(round(value, 4), units.SHARE)
