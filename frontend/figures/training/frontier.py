"""The Pareto frontier of step time and memory: a chart that one picks from, and the same as rows.

Keys name points for both: `plan` is the answer, `f3` the fourth of the frontier, `d7` a layout that another beats on
every count, `a0` the first alternative.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import Difference, Frontier, Pick, Point, in_seconds, relative, ring
from frontend.figures.theme import Theme
from frontend.figures.training.breakdown import TERMS
from solvers import units
from solvers.documents import Document

GB = 1e9
HEIGHT = 380
HOVER = "<b>%{customdata[1]}</b><br>%{customdata[2]} a step<br>%{customdata[3]}<br>%{customdata[4]} a step"
NEAR = 3.0
"""The chart opens on what takes at most so many times the answer's step; a double click shows all."""
FIXABLE = (
    *("tp", "pp", "vpp", "dp", "cp", "ep", "micro_batch", "sequence_parallel", "schedule", "recompute", "zero"),
    *("cp_mode", "secondary_weights", "quantized_weights", "quantized_gradients", "optimizer_offload"),
    "expert_pieces",
)
STANDINGS = {"plan": "this plan", "f": "on the frontier", "d": "beaten on every count", "a": "alternative"}
MEASURES = (
    ("step_time_s", "Step time", False),
    ("tokens_per_s", "Throughput", True),
    ("mfu", "Model FLOP utilisation", True),
    ("peak_memory_bytes", "Peak memory", False),
    ("cost_usd_per_step", "Cost per step", False),
    ("run_time_s", "Whole run", False),
    ("cost_usd", "Cost", False),
)


@dataclass(frozen=True)
class Spot:
    """One plan on the chart: seconds a step, bytes on the fullest GPU, dollars a step."""

    key: str
    label: str
    step_time_s: float
    peak_memory_bytes: float
    cost_usd_per_step: float | None


def spots(result: Document) -> tuple[Spot, ...]:
    """The answer, the frontier without it, and the sample of what is dominated."""
    answer = _spot("plan", result["plan"]["label"], _values(result["estimates"]))
    front = (
        _spot(f"f{index}", entry["plan"]["label"], entry["objectives"])
        for index, entry in enumerate(result["frontier"])
    )
    beaten = (
        _spot(f"d{index}", entry["plan"]["label"], entry["objectives"])
        for index, entry in enumerate(result.get("dominated", []))
    )
    others = sorted(
        (spot for spot in front if spot.label != answer.label),
        key=lambda spot: (spot.step_time_s, spot.peak_memory_bytes),
    )
    return (answer, *others, *beaten)


def title(result: Document) -> str:
    """How many layouts nothing beats."""
    feasible = units.count(result["search"]["feasible"])
    count = len(result["frontier"])
    if count <= 1:
        return f"Nothing beats this plan on any count: {feasible} layouts fit"
    return f"Nothing is both faster and smaller than these {count} of {feasible} layouts that fit"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Step time against memory; the answer is filled, the frontier a line, the rest grey."""
    found = spots(result)
    groups: dict[str, list[Spot]] = {"plan": [], "f": [], "d": []}
    for spot in found:
        groups["plan" if spot.key == "plan" else spot.key[0]].append(spot)
    grey = {"color": theme["fig-other"], "size": 6, "opacity": 0.4}
    open_ = {"color": theme["surface"], "size": 9, "line": {"color": theme["accent"], "width": 2}}
    line = _line([*groups["plan"], *groups["f"]])
    traces = [
        _scatter("Beaten on every count", groups["d"], grey),
        go.Scatter(
            name="Fastest for its memory",
            x=[spot.step_time_s for spot in line],
            y=[spot.peak_memory_bytes / GB for spot in line],
            mode="lines",
            line={"color": theme["accent"], "width": 1.5},
            opacity=0.6,
            hoverinfo="skip",
        ),
        _scatter("On the frontier", groups["f"], open_),
        _scatter("This plan", groups["plan"], {"color": theme["accent"], "size": 13}),
        _capacity(found, result["plan"]["memory"]["capacity_bytes"], theme),
        ring(theme),
    ]
    drawn = go.Figure(traces, theme.layout(height=HEIGHT, hovermode="closest", dragmode="zoom"))
    drawn.update_xaxes(theme.axis("Step time (s)", **_near(found)))
    drawn.update_yaxes(theme.axis("Peak memory of a GPU (GB)", rangemode="tozero"))
    return drawn


def points(result: Document) -> tuple[Point, ...]:
    """The rows of the table twin: the answer and the frontier, fastest first."""
    kept = sorted((spot for spot in spots(result) if not spot.key.startswith("d")), key=lambda spot: spot.step_time_s)
    return tuple(Point(spot.key, (spot.label, *_shown(spot)), _standing(spot.key)) for spot in kept)


def pick(result: Document, key: str) -> Pick | None:
    """What to show beside the chart for the point of that key."""
    entry = _entry(result, key)
    if entry is None:
        return None
    plan, estimates, breakdown = entry
    return Pick(
        key=key,
        label=plan["label"],
        standing=_standing(key),
        x=estimates["step_time_s"],
        y=estimates["peak_memory_bytes"] / GB,
        numbers=tuple(_numbers(estimates, _values(result["estimates"]))),
        breakdown=tuple(_terms(breakdown, result["explanation"]["breakdown"])),
        changes=(("/options/fix", {name: value for name, value in plan.get("layout", {}).items() if name in FIXABLE}),),
    )


def further(result: Document) -> int:
    """How many points lie beyond what the chart opens on."""
    found = spots(result)
    return sum(spot.step_time_s > NEAR * found[0].step_time_s for spot in found)


FRONTIER = Frontier(
    title=title,
    figure=figure,
    columns=("Layout", "Step time", "Memory", "Cost per step"),
    points=points,
    pick=pick,
    further=further,
)


def _entry(result: Document, key: str) -> tuple[Document, dict[str, float], list[Document]] | None:
    if key == "plan":
        return result["plan"], _values(result["estimates"]), result["explanation"]["breakdown"]
    family = {"f": "frontier", "d": "dominated", "a": "alternatives"}.get(key[:1], "")
    entries = result.get(family, [])
    if not (key.isascii() and key[1:].isdecimal()) or int(key[1:]) >= len(entries):
        return None
    entry = entries[int(key[1:])]
    return (
        entry["plan"],
        {**_priced(entry.get("objectives", {})), **_values(entry.get("estimates", {}))},
        entry.get("breakdown", []),
    )


def _values(estimates: Document) -> dict[str, float]:
    return {name: estimate["value"] for name, estimate in estimates.items()}


def _priced(objectives: Document) -> Document:
    """Objectives without the zero that stands for a price nobody knows."""
    return {name: value for name, value in objectives.items() if name != "cost_usd_per_step" or value}


def _spot(key: str, label: str, values: Document) -> Spot:
    return Spot(key, label, values["step_time_s"], values["peak_memory_bytes"], values.get("cost_usd_per_step") or None)


def _line(front: list[Spot]) -> list[Spot]:
    """The spots that are best in the two axes drawn; cost may put more on the frontier than the line can join."""
    ordered = sorted(front, key=lambda spot: (spot.step_time_s, spot.peak_memory_bytes))
    kept = ordered[:1]
    for spot in ordered[1:]:
        if spot.peak_memory_bytes < kept[-1].peak_memory_bytes:
            kept.append(spot)
    return kept


def _scatter(name: str, group: list[Spot], marker: dict[str, Any]) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[spot.step_time_s for spot in group],
        y=[spot.peak_memory_bytes / GB for spot in group],
        mode="markers",
        marker=marker,
        customdata=[[spot.key, escape(spot.label), *_shown(spot)] for spot in group],
        hovertemplate=HOVER + f"<extra>{name}</extra>",
    )


def _capacity(found: tuple[Spot, ...], capacity: float, theme: Theme) -> go.Scatter:
    """The GPU's memory as a trace and not as a shape: it stays in place on log axes."""
    times = [spot.step_time_s for spot in found]
    in_view = min(max(times), NEAR * found[0].step_time_s)
    return go.Scatter(
        name="Memory of the GPU",
        x=[min(times), in_view, max(times)],
        y=[capacity / GB] * 3,
        mode="lines+text",
        line={"color": theme["bad"], "width": 1.5, "dash": "dash"},
        text=["", f"{units.show(capacity, units.SIZE)} on the GPU", ""],
        textposition="top left",
        textfont={"color": theme["bad"], "size": 12},
        hoverinfo="skip",
    )


def _near(found: tuple[Spot, ...]) -> dict[str, Any]:
    times = [spot.step_time_s for spot in found]
    most = NEAR * found[0].step_time_s
    return {"range": [0.97 * min(times), most]} if max(times) > most else {}


def _shown(spot: Spot) -> tuple[str, str, str]:
    cost = units.show(spot.cost_usd_per_step, units.MONEY) if spot.cost_usd_per_step is not None else "no price"
    return units.show(spot.step_time_s, units.DURATION), units.show(spot.peak_memory_bytes, units.SIZE), cost


def _standing(key: str) -> str:
    return STANDINGS["plan" if key == "plan" else key[0]]


def _numbers(picked: dict[str, float], answer: dict[str, float]) -> Iterator[Difference]:
    for name, label, more_is_better in MEASURES:
        if name in picked and name in answer:
            yield _difference(label, name, picked[name], answer[name], more_is_better=more_is_better)


def _terms(picked: list[Document], answer: list[Document]) -> Iterator[Difference]:
    """Term by term in seconds; nothing where the picked plan carries no breakdown."""
    mine = {entry["term"]: entry["value"] for entry in picked}
    theirs = {entry["term"]: entry["value"] for entry in answer}
    for name in [*theirs, *(name for name in mine if name not in theirs)] if mine else ():
        one, other = mine.get(name, 0.0), theirs.get(name, 0.0)
        if one > 0 or other > 0:
            yield in_seconds(TERMS.of(name).label, one, other)


def _difference(label: str, name: str, picked: float, answer: float, *, more_is_better: bool) -> Difference:
    better = None if picked == answer else (picked > answer) == more_is_better
    return Difference(
        label, units.show_named(name, picked), units.show_named(name, answer), relative(picked, answer), better
    )
