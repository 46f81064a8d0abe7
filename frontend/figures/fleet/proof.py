"""Whether each service holds: the share of good requests in each simulation of other seeds, against its target."""

from typing import Any

import plotly.graph_objects as go

from frontend.figures import rows
from frontend.figures.base import LegendEntry, Table
from frontend.figures.fleet import said
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

LEAST_SPAN = 2.0
"""Per cents that the axis spans at least."""
MARK = 0.17
"""Half of the height of a mark of the target, in rows."""


def shown(result: Document) -> bool:
    """Whether anything was simulated."""
    return any(one["attainment"].get("by_seed") for one in _services(result))


def title(result: Document) -> str:
    """Who holds, and who comes nearest to missing."""
    services = _services(result)
    worst = min(services, key=lambda one: min(_seeds(one)) - one["target"])
    seeds = len(_seeds(worst))
    missed = [one["name"] for one in services if min(_seeds(one)) < one["target"]]
    if missed:
        verb = "misses its target" if len(missed) == 1 else "miss their targets"
        return f"With some of {seeds} seeds {said.listed(missed)} {verb}"
    least, target = said.attained(min(_seeds(worst))), said.share(worst["target"])
    room = "" if len(services) == 1 else "; the others have more room"
    each = f"With each of {seeds} seeds" if seeds > 1 else "When simulated"
    share = "all" if min(_seeds(worst)) >= 1 else f"{least} or more"
    return f"{each} {share} of {worst['name']}'s requests are good, {target} must be{room}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A row for each service: a point a seed, the interval of the mean as a bar, the target as a dashed mark."""
    services = _services(result)
    traces = [
        trace
        for row, one in enumerate(services)
        for trace in (_interval(row, one, theme), _points(row, one, theme))
    ]  # fmt: skip
    layout = theme.layout(
        height=height(result),
        hovermode="closest",
        xaxis=theme.axis("Requests within all limits (%)", range=_span(services), fixedrange=True),
        yaxis=rows.axis(len(services)),
        annotations=rows.names([_named(one) for one in services], theme),
        margin={"l": 12, "r": 16, "t": 4, "b": 44},
        shapes=[_target(row, one["target"], theme) for row, one in enumerate(services)],
    )
    return go.Figure(traces, layout)


def table(result: Document) -> Table:
    """Every service: its target, its attainment with its interval, and each seed."""
    found = tuple(
        (
            one["name"],
            said.share(one["target"]),
            said.attained(one["attainment"]["value"]),
            f"{said.attained(one['attainment']['low'])} – {said.attained(one['attainment']['high'])}",
            ", ".join(said.attained(share) for share in _seeds(one)),
            str(one["attainment"]["hour"]),
        )
        for one in _services(result)
    )
    columns = ("Service", "Target", "Attained", "Interval", "By seed", "In hour")
    return Table("Share of requests within all limits when simulated", columns, found)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The points, the bar, the mark."""
    level = units.show(result.get("interval_level", 0.8), units.SHARE)
    return (
        LegendEntry("accent", "One seed"),
        LegendEntry("accent", f"{level} interval", faint=True),
        LegendEntry("limit", "Target"),
    )


def height(result: Document) -> int:
    """Pixels."""
    return rows.height(len(_services(result)))


def _services(result: Document) -> list[Document]:
    found: list[Document] = result["plan"]["services"]
    return found


def _seeds(service: Document) -> list[float]:
    """The share of each seed; the mean where they are not told."""
    attained = service["attainment"]
    return attained.get("by_seed") or [attained["value"]]


def _named(service: Document) -> str:
    return f"{service['name']}, {said.rate(service['peak_per_s'])} at the most"


def _span(services: list[Document]) -> list[float]:
    told = [share for one in services for share in (*_seeds(one), one["target"], one["attainment"]["low"])]
    least = 100 * min(told)
    span = max(LEAST_SPAN, 100 - least)
    return [max(0.0, 100 - 1.12 * span), 100 + 0.04 * span]


def _interval(row: int, one: Document, theme: Theme) -> go.Scatter:
    attained = one["attainment"]
    return go.Scatter(
        name=f"{one['name']}, interval",
        x=[100 * attained["low"], 100 * attained["high"]],
        y=[row, row],
        mode="lines",
        line={"color": theme.tint("accent", 0.35), "width": 6},
        hoverinfo="skip",
    )


def _points(row: int, one: Document, theme: Theme) -> go.Scatter:
    shares = _seeds(one)
    return go.Scatter(
        name=one["name"],
        x=[100 * share for share in shares],
        y=[row] * len(shares),
        mode="markers",
        marker={"color": theme["accent"], "size": 9, "line": {"color": theme["surface"], "width": 1}},
        customdata=[[seed + 1, said.attained(share)] for seed, share in enumerate(shares)],
        hovertemplate=f"<b>{one['name']}</b>, seed %{{customdata[0]}}<br>%{{customdata[1]}} good,"
        f" {said.share(one['target'])} must be<extra></extra>",
    )


def _target(row: int, target: float, theme: Theme) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": 100 * target,
        "x1": 100 * target,
        "y0": row - MARK,
        "y1": row + MARK,
        "line": {"color": theme["bad"], "width": 2},
    }
