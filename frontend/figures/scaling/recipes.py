"""Recipes side by side at the target: the loss of each with its interval, and which is better with what probability.

Where a compute is the target, each recipe is at the size that is best for itself. Answers from before that was asked
do not say sizes, and are shown without.
"""

import plotly.graph_objects as go

from frontend.figures import rows
from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, fan, said
from frontend.figures.theme import Theme
from solvers.documents import Document


def shown(result: Document) -> bool:
    """Whether the runs are of more than one recipe."""
    return len(_list(result)) > 1


def title(result: Document) -> str:
    """The best, and how sure that is against the next best."""
    found = sorted(_list(result), key=lambda one: one["loss"]["value"])
    best, second = found[0]["name"], found[1]["name"]
    sure = probability(result, best, second)
    lead = f"{best} beats {second} at the target"
    return lead if sure is None else f"{lead} with a chance of {said.whole(sure)}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A row for each recipe: its loss and its interval."""
    found, best = _list(result), asked.part(result, "recipes").get("best")
    losses = [one["loss"] for one in found]
    dots = go.Scatter(
        name="Recipes",
        x=[loss["value"] for loss in losses],
        y=list(range(len(found))),
        mode="markers",
        marker={"color": [theme["accent"] if one["name"] == best else theme["fig-other"] for one in found], "size": 11},
        error_x={
            "type": "data", "symmetric": False, "color": theme["ink-3"], "thickness": 1.5, "width": 5,
            "array": [loss["high"] - loss["value"] for loss in losses],
            "arrayminus": [loss["value"] - loss["low"] for loss in losses],
        },
        customdata=[_trained(one) for one in found],
        hovertemplate="loss %{x:.3f}<br>%{customdata}<extra></extra>",
    )  # fmt: skip
    told = [f"{one['name']}: {said.loss(one['loss']['value'])}" for one in found]
    layout = theme.layout(
        height=height(result),
        hovermode="closest",
        annotations=rows.names(told, theme, rise=12),
        xaxis=theme.axis(f"{asked.loss_axis(result)} at the target", fixedrange=True),
        yaxis=rows.axis(len(found)),
        margin={"l": 8, "r": 16, "t": 4, "b": 44},
    )
    return go.Figure([dots], layout)


def table(result: Document) -> Table:
    """Each recipe, and with what probability it beats each other one."""
    found, sized = _list(result), _sized(result)
    names = [one["name"] for one in found]
    cells = tuple(
        (
            one["name"],
            said.many(one["runs"], "run"),
            *((said.size(one["params"]), said.size(one["tokens"])) if sized else ()),
            said.loss(one["loss"]["value"]),
            f"{said.loss(one['loss']['low'])} – {said.loss(one['loss']['high'])}",
            *(_sure(probability(result, one["name"], other)) for other in names),
        )
        for one in found
    )
    beats = (f"Beats {name}" for name in names)
    sizes = ("Parameters", "Tokens") if sized else ()
    columns = ("Recipe", "Runs", *sizes, "Loss", f"{fan.level(result)} interval", *beats)
    return Table(f"Recipes at the target ({asked.unit(result)})", columns, cells)


def legend(_: Document) -> tuple[LegendEntry, ...]:
    """The best and the others."""
    return (LegendEntry("accent", "Best"), LegendEntry("other", "Others"))


def height(result: Document) -> int:
    """Pixels."""
    return rows.height(len(_list(result)))


def probability(result: Document, one: str, other: str) -> float | None:
    """With what probability the one has the lower loss at the target; None where nobody asked."""
    for pair in asked.part(result, "recipes").get("pairs") or []:
        if (pair["a"], pair["b"]) == (one, other):
            return float(pair["probability"])
        if (pair["b"], pair["a"]) == (one, other):
            return 1 - float(pair["probability"])
    return None


def _list(result: Document) -> list[Document]:
    found: list[Document] = asked.part(result, "recipes").get("list") or []
    return found


def _sized(result: Document) -> bool:
    """Whether the answer says at what size each recipe is."""
    return all("params" in one and "tokens" in one for one in _list(result))


def _trained(one: Document) -> str:
    runs = said.many(one["runs"], "run")
    if "params" not in one:
        return runs
    return f"{said.size(one['params'])} parameters on {said.size(one['tokens'])} tokens<br>{runs}"


def _sure(share: float | None) -> str:
    return "–" if share is None else said.whole(share)
