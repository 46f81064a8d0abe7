"""How fast models of rising size train on the hardware of the spec: what the GPU-hours of rungs come from."""

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, log, said
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

HEIGHT = 300


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
    """Utilisation against size."""
    found = _sizes(result)
    line = go.Scatter(
        name="Utilisation",
        x=[one["params"] for one in found],
        y=[100 * one["mfu"] for one in found],
        mode="lines+markers",
        line={"color": theme["fig-compute"], "width": 2},
        marker={"size": 7, "color": theme["fig-compute"]},
        customdata=[
            f"<b>{said.size(one['params'])} parameters</b><br>{units.show(one['tokens_per_s'], units.TOKEN_RATE)} on "
            f"{_gpus(one)}<br>{_plan(one)}"
            for one in found
        ],
        hovertemplate="%{customdata}<br>%{y:.1f} % of the peak<extra></extra>",
    )
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        xaxis=log.axis(theme, asked.params_axis(result), [one["params"] for one in found], said.size),
        yaxis=theme.axis("Model FLOP utilisation (%)", rangemode="tozero", fixedrange=True),
    )
    return go.Figure([line], layout)


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


def legend(_: Document) -> tuple[LegendEntry, ...]:
    """Nothing: there is one line."""
    return ()


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def _sizes(result: Document) -> list[Document]:
    found = asked.part(result, "ladder").get("throughput") or []
    return sorted((one for one in found if one["mfu"] is not None), key=lambda one: one["params"])


def _gpus(one: Document) -> str:
    return "1 GPU" if one["gpus"] == 1 else f"{units.count(one['gpus'])} GPUs"


def _plan(one: Document) -> str:
    return str(one.get("plan") or "–")
