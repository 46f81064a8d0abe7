"""What each law says of the target alone, and how much it counts."""

from html import escape

import plotly.graph_objects as go

from frontend.figures import rows
from frontend.figures.base import LegendEntry, Panel, Table
from frontend.figures.scaling import asked, fan, said
from frontend.figures.theme import Theme
from solvers.documents import Document

LEAST, MOST = 7, 22
"""Pixels across of a law that counts nothing, and of one that counts alone."""


CONDITION = (
    "The condition says how unequally the runs tell the coefficients: the larger, the less they tell some. Starts that "
    "agree end in the same fit."
)


def shown(result: Document) -> bool:
    """Whether any law speaks."""
    return bool(asked.parts(result, "laws"))


def title(result: Document) -> str:
    """The law that counts most, and how far they are apart."""
    found = _ordered(result)
    first, losses = found[0], [one["loss"] for one in found]
    if len(found) == 1:
        return f"{first['title']} alone says {said.loss(first['loss'])}"
    apart = max(losses) / min(losses) - 1
    return (
        f"{first['title']} counts most, {said.whole(first['weight'])}; the laws are {said.percent(apart)} apart, "
        f"{said.loss(min(losses))} to {said.loss(max(losses))}"
    )


def figure(result: Document, theme: Theme) -> go.Figure:
    """A row for each law, its dot as large as its weight; above them all together with the interval."""
    found, estimate = _ordered(result), asked.loss(result)
    above = 1 if estimate else 0
    together = [f"Together: {said.loss(estimate['value'])}"] if estimate else []
    alone = [f"{one['title']}: {said.loss(one['loss'])}, counts {said.whole(one['weight'])}" for one in found]
    ends = [one["loss"] for one in found] + ([estimate["low"], estimate["high"]] if estimate else [])
    room = 0.08 * (max(ends) - min(ends)) or 0.01
    layout = theme.layout(
        height=height(result),
        hovermode="closest",
        annotations=rows.names([*together, *alone], theme, rise=12),
        xaxis=theme.axis(
            f"{asked.loss_axis(result)} at the target", range=[min(ends) - room, max(ends) + room], fixedrange=True
        ),
        yaxis=rows.axis(above + len(found)),
        margin={"l": 8, "r": 16, "t": 4, "b": 44},
    )
    return go.Figure([_together(estimate, theme), _alone(found, above, theme)], layout)


def table(result: Document) -> Table:
    """Weight, own forecast, and what it missed when the smaller runs foretold the larger ones."""
    found = tuple(
        (one["title"], said.whole(one["weight"]), said.loss(one["loss"]), _error(one)) for one in _ordered(result)
    )
    return Table(
        f"What each law says of the target ({asked.unit(result)})",
        ("Law", "Counts", "Says alone", "Missed before"),
        found,
    )


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """Dots, and what they make together."""
    dots = LegendEntry("accent", "A law alone; the larger, the more it counts")
    together = LegendEntry("ink", f"Together, with the {fan.level(result)} interval")
    return (together, dots) if asked.loss(result) else (dots,)


def height(result: Document) -> int:
    """Pixels."""
    return rows.height(len(asked.parts(result, "laws")) + (1 if asked.loss(result) else 0))


def panel(result: Document) -> Panel | None:
    """The forms with their coefficients, how well they were found, and where sources contradict themselves."""
    found = _ordered(result)
    if not found:
        return None
    cells = tuple(
        (one["title"], one["form"], _coefficients(one["coefficients"]), _fit(one), one["source"]) for one in found
    )
    columns = ("Law", "Form", "Coefficients", "Fit", "Source")
    notes = tuple(f"{one['title']}: {text}" for one in found for text in one["caveats"])
    notes = (*notes, CONDITION) if any(one["condition"] for one in found) else notes
    title = f"The laws as fitted to these runs: N {asked.counts(result)}, D in tokens, L in {asked.unit(result)}"
    return Panel("laws", title, Table("The laws", columns, cells), notes)


def _ordered(result: Document) -> list[Document]:
    return sorted(asked.parts(result, "laws"), key=lambda one: -one["weight"])


def _error(one: Document) -> str:
    return "–" if one["past_error"] is None else said.percent(one["past_error"])


def _coefficients(found: Document) -> str:
    return ", ".join(f"{letter} {_number(value)}" for letter, value in found.items() if value is not None)


def _number(value: float) -> str:
    """Four digits: `0.3838`, `−2.493`, `2e10`."""
    return f"{value:.4g}".replace("e+0", "e").replace("e+", "e").replace("-", "−")


def _fit(one: Document) -> str:
    agree = f", {said.whole(one['agree'])} of the starts agree" if one["agree"] is not None else ""
    return f"condition {said.power(one['condition'])}{agree}" if one["condition"] else agree.removeprefix(", ")


def _together(estimate: Document | None, theme: Theme) -> go.Scatter:
    value = [estimate["value"]] if estimate else []
    told = f"{said.loss(estimate['low'])} to {said.loss(estimate['high'])}" if estimate else ""
    bars = {
        "type": "data", "symmetric": False, "color": theme["ink"], "thickness": 1.5, "width": 5,
        "array": [estimate["high"] - estimate["value"]] if estimate else [],
        "arrayminus": [estimate["value"] - estimate["low"]] if estimate else [],
    }  # fmt: skip
    return go.Scatter(
        name="Together",
        x=value,
        y=[0 for _ in value],
        error_x=bars,
        mode="markers",
        marker={"color": theme["ink"], "size": 10, "symbol": "diamond"},
        hovertemplate=f"<b>Together</b><br>%{{x:.3f}}, {told}<extra></extra>",
    )


def _alone(found: list[Document], above: int, theme: Theme) -> go.Scatter:
    marker = {
        "color": theme["accent"],
        "size": [LEAST + (MOST - LEAST) * one["weight"] ** 0.5 for one in found],
        "line": {"color": theme["surface"], "width": 1},
    }
    return go.Scatter(
        name="Laws",
        x=[one["loss"] for one in found],
        y=[above + row for row in range(len(found))],
        mode="markers",
        marker=marker,
        customdata=[[escape(one["title"]), said.loss(one["loss"]), said.whole(one["weight"])] for one in found],
        hovertemplate="<b>%{customdata[0]}</b><br>alone %{customdata[1]}<br>counts %{customdata[2]}<extra></extra>",
    )
