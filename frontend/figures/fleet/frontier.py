"""The frontier of cost and head-room of latencies: a chart that one picks from, and the same as rows.

Their keys are those of `spots`.
"""

from collections.abc import Iterator
from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import Difference, Frontier, Pick, Point, relative, ring
from frontend.figures.fleet import said
from frontend.figures.fleet.aim import Aim, aim
from frontend.figures.fleet.asks import asks
from frontend.figures.fleet.heads import shown, word
from frontend.figures.fleet.spots import SAME, Spot, entry_of, gpus_of, known_of, spot, spots, values
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

HEIGHT = 340
STANDINGS = {"plan": "this plan", "f": "on the frontier", "d": "beaten on every count", "a": "alternative"}
MEASURES = ("cost_usd_per_hour", "gpus", "latency_headroom_share", "attainment_share", "carbon_g_per_hour", "power_w")
MORE_IS_BETTER = ("latency_headroom_share", "attainment_share")
HOVER = "<b>%{customdata[1]}</b><br>%{customdata[2]}<br>limits could be %{customdata[3]} shorter%{customdata[4]}"


def title(result: Document) -> str:
    """What more head-room costs, or that nothing has more."""
    answer, *others = (one for one in spots(result) if not one.key.startswith("d"))
    have = answer.headroom or 0.0
    roomier = [one for one in others if (one.headroom or 0.0) > have + SAME]
    told = f"This plan could keep limits {said.share(have)} shorter"
    if not roomier:
        return f"{told}; no fleet that was tried has more room"
    most = max(roomier, key=lambda one: one.headroom or 0.0)
    words = aim(result)
    more = most.value(words) - answer.value(words)
    way = words.more if more >= 0 else words.less
    return f"{told}; {said.share(most.headroom or 0.0)} would {words.verb} {words.show(abs(more))} {way}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Head-room against cost; the answer is filled, the frontier a line, the rest grey."""
    groups: dict[str, list[Spot]] = {"plan": [], "f": [], "d": []}
    for one in spots(result):
        groups["plan" if one.key == "plan" else one.key[0]].append(one)
    words = aim(result)
    line = _line([*groups["plan"], *groups["f"]], words)
    faint = {"color": theme["fig-other"], "size": 7, "opacity": 0.45}
    open_ = {"color": theme["surface"], "size": 10, "line": {"color": theme["accent"], "width": 2}}
    traces = [
        _scatter("Beaten on every count", groups["d"], words, faint),
        go.Scatter(
            name=f"Least {words.title.lower()} for its head-room",
            x=[one.x for one in line],
            y=[one.value(words) for one in line],
            mode="lines",
            line={"color": theme["accent"], "width": 1.5, "shape": "vh"},
            opacity=0.6,
            hoverinfo="skip",
        ),
        _scatter("On the frontier", groups["f"], words, open_),
        _scatter("This plan", groups["plan"], words, {"color": theme["accent"], "size": 13}),
        ring(theme),
    ]
    drawn = go.Figure(traces, theme.layout(height=HEIGHT, hovermode="closest", dragmode="zoom"))
    drawn.update_xaxes(theme.axis("Head-room of latencies (%)", range=_span(result)))
    return drawn.update_layout(yaxis=theme.axis(words.axis, rangemode="tozero"))


def points(result: Document) -> tuple[Point, ...]:
    """The rows of the table twin: the answer and the frontier, cheapest first."""
    kept = sorted((one for one in spots(result) if not one.key.startswith("d")), key=lambda one: one.usd_per_hour)
    return tuple(
        Point(
            one.key,
            (one.label, said.price(one.usd_per_hour), _room(one), _carbon(one) or "–"),
            STANDINGS[_family(one.key)],
        )
        for one in kept
    )


def pick(result: Document, key: str) -> Pick | None:
    """What to show beside the chart for the fleet of that key."""
    entry = entry_of(result, key)
    if entry is None:
        return None
    one = spot(key, entry, result)
    changes, act = asks(result, entry, more_room=_roomier(result, one)) if key != "plan" else ((), "")
    return Pick(
        key=key,
        label=one.label,
        standing=STANDINGS[_family(key)],
        x=one.x,
        y=one.value(aim(result)),
        numbers=tuple(_numbers(entry, result)),
        breakdown=tuple(_offers(entry, result)) if key != "plan" else (),
        changes=changes,
        act=act,
    )


FRONTIER = Frontier(
    title=title,
    figure=figure,
    columns=("Fleet", "Cost", "Head-room", "Carbon"),
    points=points,
    pick=pick,
    order="cheapest first",
)


def _family(key: str) -> str:
    return "plan" if key == "plan" else key[0]


def _line(front: list[Spot], words: Aim) -> list[Spot]:
    """The fleets that are best for their head-room, from the roomiest on; a third measure may put more on it."""
    ordered = sorted((one for one in front if one.headroom is not None), key=lambda one: (-one.x, one.value(words)))
    kept = ordered[:1]
    for one in ordered[1:]:
        if one.value(words) < kept[-1].value(words):
            kept.append(one)
    return kept[::-1]


def _scatter(name: str, group: list[Spot], words: Aim, marker: dict[str, Any]) -> go.Scatter:
    placed = [one for one in group if one.headroom is not None]
    return go.Scatter(
        name=name,
        x=[one.x for one in placed],
        y=[one.value(words) for one in placed],
        mode="markers",
        marker=marker,
        customdata=[
            [
                one.key,
                escape(one.label),
                said.price(one.usd_per_hour),
                _room(one),
                f"<br>{_carbon(one)}" if _carbon(one) else "",
            ]
            for one in placed
        ],
        hovertemplate=HOVER + f"<extra>{name}</extra>",
    )


def _span(result: Document) -> list[float]:
    placed = [one.x for one in spots(result) if one.headroom is not None] or [0.0]
    room = max(5.0, 0.2 * (max(placed) - min(placed)))
    return [max(-2.0, min(placed) - room), min(102.0, max(placed) + room)]


def _room(one: Spot) -> str:
    return "–" if one.headroom is None else said.share(one.headroom)


def _carbon(one: Spot) -> str:
    return "" if one.carbon_g is None else f"{said.carbon(one.carbon_g)} of CO₂"


def _roomier(result: Document, one: Spot) -> bool:
    own = spot("plan", result, result).headroom or 0.0
    return one.headroom is not None and one.headroom > own + SAME


def _numbers(entry: Document, result: Document) -> Iterator[Difference]:
    answer = known_of(result)
    picked = answer if entry is result else values(entry)
    for name in MEASURES:
        if name in picked and name in answer:
            yield _difference(name, picked[name], answer[name])


def _difference(name: str, picked: float, answer: float) -> Difference:
    mine, theirs = shown(name, picked), shown(name, answer)
    better = None if mine == theirs else (picked > answer) == (name in MORE_IS_BETTER)
    return Difference(word(name), mine, theirs, "" if mine == theirs else relative(picked, answer), better)


def _offers(entry: Document, result: Document) -> Iterator[Difference]:
    """GPUs of each offer beside the answer's."""
    mine, theirs = gpus_of(entry["plan"]), gpus_of(result["plan"])
    for name in dict.fromkeys([*theirs, *mine]):
        one, other = mine.get(name, 0), theirs.get(name, 0)
        change = "" if one == other else f"{'+' if one > other else '−'}{abs(one - other)}"
        yield Difference(f"GPUs of {name}", units.count(one), units.count(other), change, None)
