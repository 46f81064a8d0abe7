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
    """A row for each law, its dot as large as its weight; behind them the interval of all."""
    found, estimate = _ordered(result), asked.loss(result)
    dots = go.Scatter(
        name="Laws",
        x=[one["loss"] for one in found],
        y=list(range(len(found))),
        mode="markers",
        marker={
            "color": theme["accent"],
            "size": [LEAST + (MOST - LEAST) * one["weight"] ** 0.5 for one in found],
            "line": {"color": theme["surface"], "width": 1},
        },
        customdata=[[escape(one["title"]), said.loss(one["loss"]), said.whole(one["weight"])] for one in found],
        hovertemplate="<b>%{customdata[0]}</b><br>alone %{customdata[1]}<br>counts %{customdata[2]}<extra></extra>",
    )
    ends = [one["loss"] for one in found] + ([estimate["low"], estimate["high"]] if estimate else [])
    room = 0.08 * (max(ends) - min(ends)) or 0.01
    told = [f"{one['title']}: {said.loss(one['loss'])}, counts {said.whole(one['weight'])}" for one in found]
    drawn = go.Figure(
        [dots],
        theme.layout(
            height=height(result),
            hovermode="closest",
            annotations=rows.names(told, theme, rise=12),
            xaxis=theme.axis(
                f"{asked.loss_axis(result)} at the target", range=[min(ends) - room, max(ends) + room], fixedrange=True
            ),
            yaxis=rows.axis(len(found)),
            margin={"l": 8, "r": 16, "t": 4, "b": 44},
        ),
    )
    return _together(drawn, estimate, theme) if estimate else drawn


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
    """Dots, and the band."""
    band = LegendEntry("accent", f"Together, with the {fan.level(result)} interval", faint=True)
    return (
        LegendEntry("accent", "A law alone; the larger, the more it counts"),
        *((band,) if asked.loss(result) else ()),
    )


def height(result: Document) -> int:
    """Pixels."""
    return rows.height(len(asked.parts(result, "laws")))


def panel(result: Document) -> Panel | None:
    """The forms with their coefficients, how well they were found, and where sources contradict themselves."""
    found = _ordered(result)
    if not found:
        return None
    cells = tuple(
        (one["title"], one["form"], _coefficients(one["coefficients"]), _fit(one), one["source"]) for one in found
    )
    columns = ("Law", "Form", f"Coefficients (N {asked.counts(result)}, {asked.unit(result)})", "Fit", "Source")
    notes = tuple(f"{one['title']}: {text}" for one in found for text in one["caveats"])
    return Panel("laws", "The laws as fitted to these runs", Table("The laws", columns, cells), notes)


def _ordered(result: Document) -> list[Document]:
    return sorted(asked.parts(result, "laws"), key=lambda one: -one["weight"])


def _error(one: Document) -> str:
    return "–" if one["past_error"] is None else said.percent(one["past_error"])


def _coefficients(found: Document) -> str:
    return ", ".join(f"{letter} {value:.4g}" for letter, value in found.items() if value is not None)


def _fit(one: Document) -> str:
    agree = f", {said.whole(one['agree'])} of the starts agree" if one["agree"] is not None else ""
    return f"condition {said.power(one['condition'])}{agree}" if one["condition"] else agree.removeprefix(", ")


def _together(drawn: go.Figure, estimate: Document, theme: Theme) -> go.Figure:
    drawn.add_shape(
        type="rect", x0=estimate["low"], x1=estimate["high"], y0=0, y1=1, yref="paper", layer="below",
        fillcolor=theme.tint("accent", 0.14), line={"width": 0},
    )  # fmt: skip
    middle = {"color": theme["accent"], "width": 1.5, "dash": "dash"}
    drawn.add_shape(
        type="line", x0=estimate["value"], x1=estimate["value"], y0=0, y1=1, yref="paper", layer="below", line=middle
    )
    return drawn
