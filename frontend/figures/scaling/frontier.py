"""Size against loss: a smaller model is cheaper to serve; a chart that one picks from, and the same as rows."""

from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import Difference, Frontier, Pick, Point, relative, ring
from frontend.figures.scaling import asked, log, said
from frontend.figures.scaling.spots import Spot, compute, same, serving, spot, spots
from frontend.figures.theme import Theme
from solvers.documents import Document

Changes = tuple[tuple[str, object], ...]

HEIGHT = 380
STANDINGS = {"plan": "this plan", "f": "on the frontier", "a": "alternative"}
CLOSE = 0.001
"""Losses within this share of one another are as good: no seed tells them apart (a tenth of a per cent)."""


def title(result: Document) -> str:
    """What a smaller model costs in loss."""
    found = spots(result)
    smaller = [one for one in found[1:] if one.params < 0.99 * found[0].params]
    if not smaller:
        return "What other sizes would do at the target"
    one = min(smaller, key=lambda spot: spot.params)
    rise = one.loss / found[0].loss - 1
    where = " at the same compute" if abs(compute(one) / compute(found[0]) - 1) < 0.01 else ""
    how = "as low a loss" if abs(rise) < CLOSE else f"{said.percent(abs(rise))} {'more' if rise > 0 else 'less'} loss"
    return f"{said.size(one.params)} parameters on {said.size(one.tokens)} tokens would have {how}{where}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Parameters against loss; the answer is filled, the frontier a line, alternatives grey rings."""
    groups: dict[str, list[Spot]] = {"plan": [], "f": [], "a": []}
    for one in spots(result):
        groups["plan" if one.key == "plan" else one.key[0]].append(one)
    line = sorted([*groups["plan"], *groups["f"]], key=lambda one: one.params)
    open_ = {"color": theme["surface"], "size": 10, "line": {"color": theme["accent"], "width": 2}}
    grey = {"color": theme["surface"], "size": 9, "line": {"color": theme["fig-other"], "width": 2}}
    traces = [
        _scatter("Alternatives", groups["a"], result, grey),
        go.Scatter(
            name="Least loss for its size",
            x=[one.params for one in line] if groups["f"] else [],
            y=[one.loss for one in line] if groups["f"] else [],
            mode="lines",
            line={"color": theme["accent"], "width": 1.5},
            opacity=0.6,
            hoverinfo="skip",
        ),
        _scatter("On the frontier", groups["f"], result, open_),
        _scatter("This plan", groups["plan"], result, {"color": theme["accent"], "size": 13}),
        ring(theme),
    ]
    sizes = [one.params for group in groups.values() for one in group]
    drawn = go.Figure(traces, theme.layout(height=HEIGHT, hovermode="closest", dragmode="zoom"))
    drawn.update_xaxes(log.axis(theme, asked.params_axis(result), sizes, said.size) | {"fixedrange": False})
    return drawn.update_layout(yaxis=theme.axis(asked.loss_axis(result)))


def points(result: Document) -> tuple[Point, ...]:
    """The rows of the table twin, the smallest first; none where there is nothing to pick from."""
    found = sorted(spots(result), key=lambda one: one.params)
    if len(found) < 2:
        return ()
    return tuple(
        Point(
            one.key,
            (one.label, said.size(one.params), said.size(one.tokens), said.flops(compute(one)), said.loss(one.loss)),
            STANDINGS["plan" if one.key == "plan" else one.key[0]],
        )
        for one in found
    )


def pick(result: Document, key: str) -> Pick | None:
    """What to show beside the chart for the size of that key."""
    one, answer = spot(result, key), spot(result, "plan")
    if one is None or answer is None:
        return None
    changes, act = _asks(result, one, answer) if key != "plan" else ((), "")
    return Pick(
        key=key,
        label=one.label,
        standing=STANDINGS["plan" if key == "plan" else key[0]],
        x=one.params,
        y=one.loss,
        numbers=tuple(_numbers(one, answer, result)),
        breakdown=(),
        changes=changes,
        act=act,
    )


FRONTIER = Frontier(
    title=title,
    figure=figure,
    columns=("Plan", "Parameters", "Tokens", "Compute", "Loss"),
    points=points,
    pick=pick,
    order="the smallest first",
)


def _scatter(name: str, group: list[Spot], result: Document, marker: dict[str, Any]) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[one.params for one in group],
        y=[one.loss for one in group],
        mode="markers",
        marker=marker,
        customdata=[[one.key, escape(one.label), _told(one, result)] for one in group],
        hovertemplate=f"<b>%{{customdata[1]}}</b><br>%{{customdata[2]}}<br>loss %{{y:.3f}}<extra>{name}</extra>",
    )


def _told(one: Spot, result: Document) -> str:
    size = f"{said.size(one.params)} parameters, {said.size(one.tokens)} tokens, {said.flops(compute(one))}"
    served = serving(result, one)
    return size if served is None else f"{size}<br>{said.flops(served)} to serve"


def _asks(result: Document, one: Spot, answer: Spot) -> tuple[Changes, str]:
    """The changes to the spec that ask for it, and their button: another size, or one law alone."""
    if not same(one, answer):
        return (("/target", _target(result, one)),), "Plan with this size"
    named = {f"{law['title']} alone": law["name"] for law in asked.parts(result, "laws")}
    if one.label in named:
        return (("/options/laws", [named[one.label]]),), "Plan with this law alone"
    return (), ""


# What a target says besides its size, which another size keeps.
KEPT = ("served_tokens", "unique_tokens", "experts", "streams", "replicas")


def _target(result: Document, one: Spot) -> Document:
    """The target as the spec would ask for this size, with what else it says of data and serving."""
    written = (result.get("spec", {}).get("target") or {}).items()
    kept = {name: value for name, value in written if name in KEPT and value}
    return {"params": one.params, "tokens": one.tokens, **kept}


def _numbers(one: Spot, answer: Spot, result: Document) -> Iterator[Difference]:
    yield _difference("Loss", one.loss, answer.loss, said.loss, better=one.loss < answer.loss)
    yield _difference("Parameters", one.params, answer.params, said.size)
    yield _difference("Tokens", one.tokens, answer.tokens, said.size)
    yield _difference("Training", compute(one), compute(answer), said.flops)
    mine, theirs = serving(result, one), serving(result, answer)
    if mine is not None and theirs is not None:
        yield _difference("Serving", mine, theirs, said.flops)
        total, other = mine + compute(one), theirs + compute(answer)
        yield _difference("Together", total, other, said.flops, better=total < other)


def _difference(
    label: str, picked: float, answer: float, show: Callable[[float], str], *, better: bool | None = None
) -> Difference:
    mine, theirs = show(picked), show(answer)
    alike = mine == theirs
    return Difference(label, mine, theirs, "" if alike else relative(picked, answer), None if alike else better)
