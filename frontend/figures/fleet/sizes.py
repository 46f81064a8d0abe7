"""Which sizes go where: a heat map for each service, from short to long requests, in the busiest hour."""

from typing import Any

import plotly.graph_objects as go

from frontend.figures import rows
from frontend.figures.base import LegendEntry, Table
from frontend.figures.fleet import said, types
from frontend.figures.fleet.routed import Routed, named, routed
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

ROW, TICKS, HEAD, GAP = 46, 92, 30, 22
"""Pixels of a row, of the labels below a heat map (aslant where narrow), of a service's name above; between rows."""
WRITTEN = 12
"""Up to so many classes have their share written in the cell."""
LEAST = 0.005


def shown(result: Document) -> bool:
    """Whether anything is routed."""
    return bool(routed(result))


def title(result: Document) -> str:
    """Where the shortest and the longest requests go."""
    found = routed(result)
    split = next((one for one in found if _first(one, 0) != _first(one, -1)), None)
    of_it = "" if len(found) == 1 else f" of {(split or found[0]).service}"
    if split is not None:
        short, long = (_called(result, split, at) for at in (0, -1))
        if short != long:
            return f"Short requests{of_it} go to {short}, long ones to {long}"
        return f"Short requests{of_it} go to {_first(split, 0)}, long ones to {_first(split, -1)}"
    picky = next((one for one in found if _aside(one)), None)
    if picky is not None:
        configuration, label, share = _aside(picky)[0]
        part = "all" if share > 1 - LEAST else _percent(share)
        where, most = configuration["offer"], _most(picky)["offer"]
        return f"Of {label}{of_it} {part} goes to {where}; most of the rest goes to {most}"
    if all(len(one.configurations) == 1 for one in found):
        return f"Every request goes to {said.listed(list(dict.fromkeys(_most(one)['offer'] for one in found)))}"
    return "Requests of every size are spread alike"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A heat map for each service, one below another, the name of each configuration above its row."""
    found = routed(result)
    whole = height(result)
    layout: dict[str, Any] = {}
    maps, notes = [], []
    top = 0
    for place, one in enumerate(found):
        axis = "" if place == 0 else str(place + 1)
        tall = ROW * len(one.configurations)
        start = top + HEAD
        layout[f"yaxis{axis}"] = {
            "domain": [1 - (start + tall) / whole, 1 - start / whole],
            "range": [len(one.configurations) - 0.5, -0.5],
            "visible": False,
            "fixedrange": True,
        }
        labels = [label for label, _ in one.classes]
        layout[f"xaxis{axis}"] = theme.axis(
            "Size of the request (tokens)",
            anchor=f"y{axis}",
            fixedrange=True,
            showgrid=False,
            type="category",
            tickvals=labels,
            ticktext=[_narrow(label) for label in labels],
            tickangle=0,
        )
        maps.append(_map(one, axis, theme))
        notes += _names(one, axis, theme, several=len(found) > 1)
        top = start + tall + TICKS
    margin = {"l": 4, "r": 12, "t": 0, "b": 0}
    drawn = theme.layout(height=whole, margin=margin, annotations=notes, **layout)
    return go.Figure(maps, drawn)


def table(result: Document) -> Table:
    """Every class with its share of the requests and where it goes."""
    found = tuple(
        (one.service, label, said.share(share), _goes(one, label))
        for one in routed(result)
        for label, share in one.classes
    )
    return Table(
        "Where requests of each size go in the busiest hour", ("Service", "Size", "Share of requests", "Goes to"), found
    )


def legend(_: Document) -> tuple[LegendEntry, ...]:
    """What the colour stands for."""
    return (LegendEntry("accent", "All of a size"), LegendEntry("accent", "Half of it", faint=True))


def height(result: Document) -> int:
    """Pixels."""
    found = routed(result)
    return sum(HEAD + ROW * len(one.configurations) + TICKS for one in found)


def _narrow(label: str) -> str:
    """A class in lines that stand beside others on a phone: `1025-`, `2048 in`."""
    return label.replace(", ", "<br>") if "," in label else label.replace("-", "-<br>")


def _map(one: Routed, axis: str, theme: Theme) -> go.Heatmap:
    labels = [label for label, _ in one.classes]
    weights = [[one.weight(label, each["name"]) for label in labels] for each in one.configurations]
    few = len(labels) <= WRITTEN
    hover = [
        [
            f"<b>{label}</b>, {said.share(share)} of {one.service}<br>"
            f"{_percent(one.weight(label, each['name']))} to {named(each)}"
            for label, share in one.classes
        ]
        for each in one.configurations
    ]
    scale = [[step / 10, theme.tint("accent", 0.04 + 0.096 * step)] for step in range(11)]
    return go.Heatmap(
        name=one.service,
        x=labels,
        y=list(range(len(one.configurations))),
        z=weights,
        zmin=0,
        zmax=1,
        xgap=2,
        ygap=GAP,
        colorscale=scale,
        showscale=False,
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        text=[[_percent(value) if few and value >= LEAST else "" for value in line] for line in weights],
        texttemplate="%{text}",
        textfont={"size": 11},
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _names(one: Routed, axis: str, theme: Theme, *, several: bool) -> list[dict[str, Any]]:
    texts = [
        f"{one.service}: {named(each)}" if several and row == 0 else named(each)
        for row, each in enumerate(one.configurations)
    ]
    return [{**note, "yref": f"y{axis}"} for note in rows.names(texts, theme, rise=(ROW - GAP) // 2 - 1)]


def _first(one: Routed, at: int) -> str:
    """Where the most of the shortest (0) or the longest (-1) class goes: the configuration's name in words."""
    label = one.classes[at][0]
    return named(max(one.configurations, key=lambda each: one.weight(label, each["name"])))


def _most(one: Routed) -> Document:
    """The configuration that most requests of the service go to."""
    return max(one.configurations, key=lambda each: one.load(each["name"]))


def _aside(one: Routed) -> list[tuple[Document, str, float]]:
    """What other configurations take of a class more than of the others, the most first: which, of what, what share."""
    most = _most(one)["name"]
    found = [
        (each, label, one.weight(label, each["name"]))
        for each in one.configurations
        for label, _ in one.classes
        if each["name"] != most and one.weight(label, each["name"]) > one.load(each["name"]) + LEAST
    ]
    return sorted(found, key=lambda entry: -entry[2])


def _called(result: Document, one: Routed, at: int) -> str:
    """The GPU type that takes the most of the shortest or the longest class."""
    label = one.classes[at][0]
    by_type: dict[str, float] = {}
    for each in one.configurations:
        by_type[each["gpu"]] = by_type.get(each["gpu"], 0.0) + one.weight(label, each["name"])
    return types.called(result, max(by_type, key=lambda gpu: by_type[gpu]))


def _goes(one: Routed, label: str) -> str:
    parts = [(each, one.weight(label, each["name"])) for each in one.configurations]
    ordered = sorted((part for part in parts if part[1] >= LEAST), key=lambda part: -part[1])
    return "; ".join(f"{_percent(share)} {named(each)}" for each, share in ordered)


def _percent(share: float) -> str:
    return units.show(round(share, 2), units.SHARE)
