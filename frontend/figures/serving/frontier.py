"""The Pareto frontier of cost and latency: a chart that one picks from, and the same as rows.

Keys name points for both: `plan` is the answer, `f3` the fourth of the frontier, `d7` a plan that another beats on
every count, `a0` the first alternative.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import Difference, Frontier, Pick, Point, in_seconds, relative, ring
from frontend.figures.serving import asked
from frontend.figures.serving.breakdown import TERMS
from frontend.figures.serving.fixed import changes
from frontend.figures.serving.heads import word
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

HEIGHT = 380
MS = 1e-3
HOVER = "<b>%{customdata[1]}</b><br>%{customdata[2]} a token<br>first token %{customdata[3]}<br>%{customdata[4]}"
NEAR = 4.0
"""The chart opens on what takes at most so many times the answer's time per token; a double click shows all."""
STANDINGS = {"plan": "this plan", "f": "on the frontier", "d": "beaten on every count", "a": "alternative"}
MORE_IS_BETTER = ("goodput", "attainment", "output_tokens")
MEASURES = (
    "goodput_per_s_per_gpu", "goodput_per_s", "attainment_share", "cost_usd_per_hour", "usd_per_million_tokens",
    "ttft_p50_s", "ttft_p90_s", "ttft_p99_s", "tpot_p50_s", "tpot_p90_s", "tpot_p99_s", "e2e_p90_s",
    "energy_j_per_token",
)  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """One plan on the chart: seconds a token, seconds to the first, dollars an hour (None: no price), GPUs."""

    key: str
    label: str
    tpot_s: float
    ttft_s: float
    usd_per_hour: float | None
    gpus: int

    @property
    def cost(self) -> float:
        """Where it stands on the axis of cost: dollars an hour, or GPUs where there is no price."""
        return float(self.gpus) if self.usd_per_hour is None else self.usd_per_hour


def spots(result: Document) -> tuple[Spot, ...]:
    """The answer, the frontier without it, and the sample of what is dominated."""
    answer = _spot("plan", result, result)
    front = (_spot(f"f{index}", entry, result) for index, entry in enumerate(result["frontier"]))
    beaten = (_spot(f"d{index}", entry, result) for index, entry in enumerate(result.get("dominated", [])))
    others = sorted((one for one in front if one.label != answer.label), key=lambda one: (one.tpot_s, one.cost))
    return (answer, *others, *beaten)


def title(result: Document) -> str:
    """What more money buys, or that it buys nothing."""
    answer, *others = (spot for spot in spots(result) if not spot.key.startswith("d"))
    faster = [spot for spot in others if spot.tpot_s < answer.tpot_s]
    if not faster:
        return "No plan that fits is faster for each reader than this one"
    fastest = min(faster, key=lambda spot: spot.tpot_s)
    share = asked.percent(1 - fastest.tpot_s / answer.tpot_s)
    if fastest.cost <= answer.cost:
        return f"{fastest.label} takes {share} less time a token, at no more cost"
    return f"{share} less time a token costs {_more(fastest, answer)}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Time per token against cost; the answer is filled, the frontier a line, the rest grey, the limit dashed."""
    found = spots(result)
    groups: dict[str, list[Spot]] = {"plan": [], "f": [], "d": []}
    for spot in found:
        groups["plan" if spot.key == "plan" else spot.key[0]].append(spot)
    line = _line([*groups["plan"], *groups["f"]])
    open_ = {"color": theme["surface"], "size": 9, "line": {"color": theme["accent"], "width": 2}}
    traces = [
        _scatter("Beaten on every count", groups["d"], {"color": theme["fig-other"], "size": 6, "opacity": 0.4}),
        go.Scatter(
            name="Cheapest for its speed",
            x=[spot.tpot_s / MS for spot in line],
            y=[spot.cost for spot in line],
            mode="lines",
            line={"color": theme["accent"], "width": 1.5},
            opacity=0.6,
            hoverinfo="skip",
        ),
        _scatter("On the frontier", groups["f"], open_),
        _scatter("This plan", groups["plan"], {"color": theme["accent"], "size": 13}),
        *_limit(asked.limit(result, "tpot"), theme),
        ring(theme),
    ]
    whole = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    drawn = go.Figure(traces, theme.layout(height=HEIGHT, hovermode="closest", dragmode="zoom", yaxis2=whole))
    drawn.update_xaxes(theme.axis(f"Time per output token, {_percentile(result)} (ms)", **_near(found)))
    priced = all(spot.usd_per_hour is not None for spot in found)
    return drawn.update_layout(yaxis=theme.axis("Cost ($/h)" if priced else "GPUs", rangemode="tozero"))


def points(result: Document) -> tuple[Point, ...]:
    """The rows of the table twin: the answer and the frontier, fastest first."""
    kept = sorted((spot for spot in spots(result) if not spot.key.startswith("d")), key=lambda spot: spot.tpot_s)
    return tuple(Point(spot.key, (spot.label, *_shown(spot)), STANDINGS[_family(spot.key)]) for spot in kept)


def pick(result: Document, key: str) -> Pick | None:
    """What to show beside the chart for the point of that key."""
    entry = _entry(result, key)
    if entry is None:
        return None
    spot = _spot(key, entry, result)
    terms = entry.get("breakdown", result["explanation"]["breakdown"] if key == "plan" else [])
    return Pick(
        key=key,
        label=spot.label,
        standing=STANDINGS[_family(key)],
        x=spot.tpot_s / MS,
        y=spot.cost,
        numbers=tuple(_numbers(entry, result)),
        breakdown=tuple(_terms(terms, result)) if key != "plan" else (),
        changes=changes(entry["plan"]),
    )


def further(result: Document) -> int:
    """How many points lie beyond what the chart opens on."""
    found = spots(result)
    return sum(spot.tpot_s > NEAR * found[0].tpot_s for spot in found)


FRONTIER = Frontier(
    title=title,
    figure=figure,
    columns=("Plan", "Time per token", "First token", "Cost"),
    points=points,
    pick=pick,
    further=further,
)


def _entry(result: Document, key: str) -> Document | None:
    if key == "plan":
        return result
    family = {"f": "frontier", "d": "dominated", "a": "alternatives"}.get(key[:1], "")
    entries = result.get(family, [])
    if not (key.isascii() and key[1:].isdecimal()) or int(key[1:]) >= len(entries):
        return None
    entry: Document = entries[int(key[1:])]
    return entry


def _family(key: str) -> str:
    return "plan" if key == "plan" else key[0]


def _values(entry: Document) -> dict[str, float]:
    """What is known of a plan by name: objectives, and estimates over them."""
    known = {name: value for name, value in entry.get("objectives", {}).items() if value is not None}
    return known | {name: estimate["value"] for name, estimate in entry.get("estimates", {}).items()}


def _spot(key: str, entry: Document, result: Document) -> Spot:
    values, plan = _values(entry), entry["plan"]
    ttft, tpot = (values[_name(metric, values, result)] for metric in ("ttft", "tpot"))
    return Spot(
        key, plan["label"], tpot, ttft, values.get("cost_usd_per_hour") or plan.get("usd_per_hour"), plan["gpus"]
    )


def _name(metric: str, values: dict[str, float], result: Document) -> str:
    return asked.at_percentile(metric, result, values)


def _percentile(result: Document) -> str:
    return asked.percentile(asked.at_percentile("tpot", result, result["estimates"]))


def _more(spot: Spot, answer: Spot) -> str:
    if spot.usd_per_hour is None or answer.usd_per_hour is None:
        return f"{units.count(spot.gpus - answer.gpus)} more GPUs"
    return f"{units.show(spot.usd_per_hour - answer.usd_per_hour, units.PRICE)} more"


def _line(front: list[Spot]) -> list[Spot]:
    """The spots that are best in the two axes drawn; other counts may put more on the frontier than it can join."""
    ordered = sorted(front, key=lambda spot: (spot.tpot_s, spot.cost))
    kept = ordered[:1]
    for spot in ordered[1:]:
        if spot.cost < kept[-1].cost:
            kept.append(spot)
    return kept


def _scatter(name: str, group: list[Spot], marker: dict[str, Any]) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[spot.tpot_s / MS for spot in group],
        y=[spot.cost for spot in group],
        mode="markers",
        marker=marker,
        customdata=[[spot.key, escape(spot.label), *_shown(spot)] for spot in group],
        hovertemplate=HOVER + f"<extra>{name}</extra>",
    )


def _limit(limit: float | None, theme: Theme) -> list[go.Scatter]:
    """The limit as a trace on an axis of its own and not as a shape: it stays in place on log axes."""
    if limit is None:
        return []
    return [
        go.Scatter(
            name="Limit",
            x=[limit / MS] * 2,
            y=[0, 0.99],
            yaxis="y2",
            mode="lines+text",
            line={"color": theme["bad"], "width": 1.5, "dash": "dash"},
            text=["", f"limit {asked.seconds(limit)}"],
            textposition="bottom left",
            textfont={"color": theme["bad"], "size": 12},
            hoverinfo="skip",
        )
    ]


def _near(found: tuple[Spot, ...]) -> dict[str, Any]:
    times = [spot.tpot_s for spot in found]
    most = NEAR * found[0].tpot_s
    return {"range": [0.9 * min(times) / MS, most / MS]} if max(times) > most else {}


def _shown(spot: Spot) -> tuple[str, str, str]:
    gpus = "1 GPU" if spot.gpus == 1 else f"{units.count(spot.gpus)} GPUs"
    cost = gpus if spot.usd_per_hour is None else f"{units.show(spot.usd_per_hour, units.PRICE)}, {gpus}"
    return asked.seconds(spot.tpot_s), asked.seconds(spot.ttft_s), cost


def _numbers(entry: Document, result: Document) -> Iterator[Difference]:
    picked, answer = _values(entry), _values(result)
    mine, theirs = entry["plan"]["gpus"], result["plan"]["gpus"]
    better = None if mine == theirs else mine < theirs
    yield Difference("GPUs", units.count(mine), units.count(theirs), relative(mine, theirs), better)
    for name in MEASURES:
        if name in picked and name in answer:
            yield _difference(name, picked[name], answer[name])


def _difference(name: str, picked: float, answer: float) -> Difference:
    better = None if picked == answer else (picked > answer) == name.startswith(MORE_IS_BETTER)
    shown, was = (units.show_named(name, value) for value in (picked, answer))
    return Difference(word(name), shown, was, relative(picked, answer), better)


def _terms(picked: list[Document], result: Document) -> Iterator[Difference]:
    """Term by term in seconds; nothing where the picked plan carries no breakdown."""
    mine = {entry["term"]: entry["value"] for entry in picked}
    theirs = {entry["term"]: entry["value"] for entry in result["explanation"]["breakdown"]}
    for name in [*theirs, *(name for name in mine if name not in theirs)] if mine else ():
        one, other = mine.get(name, 0.0), theirs.get(name, 0.0)
        if one > 0 or other > 0:
            yield in_seconds(TERMS.of(name).label, one, other)
