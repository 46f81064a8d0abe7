"""How fast models of rising size train on the hardware of the spec: what the GPU-hours of rungs come from."""

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, log, said
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

HEIGHT = 300
COLOURS = ("gpu-1", "gpu-3", "gpu-2", "gpu-4", "gpu-5", "gpu-6", "gpu-7", "gpu-8")


def shown(result: Document) -> bool:
    """Whether the training planner was asked about more than one size."""
    return len(_sizes(result)) > 1


def title(result: Document) -> str:
    """The least and the most of the utilisation."""
    found = _sizes(result)
    shares = [one["mfu"] for one in found]
    ends = f"{said.whole(min(shares))} to {said.whole(max(shares))}"
    sizes = f"From {said.size(found[0]['params'])} to {said.size(found[-1]['params'])} parameters"
    return f"{sizes}, {ends} of the peak FLOP/s"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Utilisation against size, a line for each number of GPUs."""
    found = _sizes(result)
    lines = [
        _line([one for one in found if one["gpus"] == gpus], f"fig-{colour}", theme)
        for gpus, colour in _gpus_of(result)
    ]
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        xaxis=log.axis(theme, asked.params_axis(result), [one["params"] for one in found], said.size),
        yaxis=theme.axis("Model FLOP utilisation (%)", rangemode="tozero", fixedrange=True),
    )
    return go.Figure(lines, layout)


def table(result: Document) -> Table:
    """Each size with its layout, GPUs and rate."""
    rows = tuple(
        (
            said.size(one["params"]),
            _gpus(one),
            _plan(one),
            units.show(one["tokens_per_s"], units.TOKEN_RATE),
            said.whole(one["mfu"]),
        )
        for one in _sizes(result)
    )
    columns = ("Parameters", "GPUs", "Layout", "Throughput", "Utilisation")
    return Table("How fast rungs train, as the training planner says", columns, rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """How many GPUs each line is of."""
    return tuple(LegendEntry(colour, _many(gpus)) for gpus, colour in _gpus_of(result))


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def _sizes(result: Document) -> list[Document]:
    found = asked.part(result, "ladder").get("throughput") or []
    return sorted((one for one in found if one["mfu"] is not None), key=lambda one: one["params"])


def _gpus_of(result: Document) -> list[tuple[int, str]]:
    """Each number of GPUs, the fewest first, with its colour."""
    numbers = sorted({int(one["gpus"]) for one in _sizes(result)})
    return [(gpus, COLOURS[place % len(COLOURS)]) for place, gpus in enumerate(numbers)]


def _line(found: list[Document], colour: str, theme: Theme) -> go.Scatter:
    return go.Scatter(
        name=_gpus(found[0]),
        x=[one["params"] for one in found],
        y=[100 * one["mfu"] for one in found],
        mode="lines+markers",
        line={"color": theme[colour], "width": 2},
        marker={"size": 7, "color": theme[colour]},
        customdata=[
            f"<b>{said.size(one['params'])} parameters</b><br>{units.show(one['tokens_per_s'], units.TOKEN_RATE)} on "
            f"{_gpus(one)}<br>{_plan(one)}"
            for one in found
        ],
        hovertemplate="%{customdata}<br>%{y:.1f} % of the peak<extra></extra>",
    )


def _gpus(one: Document) -> str:
    return _many(one["gpus"])


def _many(gpus: int) -> str:
    return "1 GPU" if gpus == 1 else f"{units.count(gpus)} GPUs"


def _plan(one: Document) -> str:
    return str(one.get("plan") or "–")
