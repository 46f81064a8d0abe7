"""What lies in the memory of one GPU of each pipeline stage, against what the GPU has."""

from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table, always
from frontend.figures.theme import Theme
from frontend.figures.training.heads import capacity_of, fullest, place
from solvers import units
from solvers.documents import Document

GB = 1e9
ROOMY, ROW, TIGHT = 8, 30, 4
FRAME = 72
PLAIN, WIDEST_NAME = 3, 160
HOVER = "<b>Stage %{customdata[2]}: LABEL</b><br>%{customdata[0]} of %{customdata[1]}<extra></extra>"
GROUPS = (
    ("Weights, gradients", "compute", ("weights_bytes", "gradients_bytes")),
    ("Optimizer", "data", ("optimizer_bytes",)),
    ("Activations", "memory", ("activations_bytes",)),
    ("Logits, buffers, allocator", "other", ("logits_bytes", "buffers_bytes", "fragmentation_bytes", "context_bytes")),
)

shown = always


def title(result: Document) -> str:
    """Which stage is the fullest."""
    plan = result["plan"]
    stage = fullest(plan)
    used = f"{units.show(stage['total_bytes'], units.SIZE)} of {units.show(capacity_of(stage, plan), units.SIZE)}"
    alone = len(plan["memory"]["stages"]) == 1
    return f"Each GPU holds {used}" if alone else f"Stage {place(stage)} is the fullest: {used}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A stacked bar for each stage, the first on top, with the memory of its GPU as a line."""
    plan = result["plan"]
    stages = plan["memory"]["stages"]
    capacities = [capacity_of(stage, plan) for stage in stages]
    most = max(*capacities, *(stage["total_bytes"] for stage in stages)) / GB
    xaxis = theme.axis("Memory of one GPU (GB)", range=[0, 1.1 * most], fixedrange=True)
    margin = {"l": _left(stages), "r": 12, "t": 22, "b": 44}
    gap = 0.3 if len(stages) <= ROOMY else 0
    drawn = go.Figure(
        [_bars(group, stages, theme) for group in GROUPS],
        theme.layout(
            barmode="stack",
            bargap=gap,
            height=height(result),
            xaxis=xaxis,
            yaxis=_stage_axis(stages, theme),
            margin=margin,
        ),
    )
    for capacity, rows in _runs(capacities):
        line = {"color": theme["bad"], "width": 1.5, "dash": "dash"}
        drawn.add_shape(type="line", x0=capacity / GB, x1=capacity / GB, y0=rows[0] - 0.5, y1=rows[1] + 0.5, line=line)
    said = " and ".join(dict.fromkeys(units.show(capacity, units.SIZE) for capacity in capacities))
    return drawn.add_annotation(
        x=max(capacities) / GB, y=1, yref="paper", yanchor="bottom", xanchor="right", showarrow=False,
        text=f"{said} on the GPU", font={"color": theme["bad"], "size": 12},
    )  # fmt: skip


def _runs(capacities: list[float]) -> list[tuple[float, tuple[int, int]]]:
    """Neighbouring bars whose GPUs have the same memory: the memory, the first and the last of them."""
    runs: list[tuple[float, tuple[int, int]]] = []
    for row, capacity in enumerate(capacities):
        if runs and runs[-1][0] == capacity:
            runs[-1] = (capacity, (runs[-1][1][0], row))
        else:
            runs.append((capacity, (row, row)))
    return runs


def _left(stages: list[Document]) -> int:
    """Pixels for the names of the stages."""
    longest = max(len(place(stage)) for stage in stages)
    return 4 if len(stages) == 1 else 56 if longest <= PLAIN else min(56 + 7 * (longest - PLAIN), WIDEST_NAME)


def table(result: Document) -> Table:
    """Every stage with its parts."""
    rows = tuple(
        (
            place(stage),
            *(units.show(_sum(stage, names), units.SIZE) for _, _, names in GROUPS),
            units.show(stage["total_bytes"], units.SIZE),
        )
        for stage in result["plan"]["memory"]["stages"]
    )
    return Table("Memory of one GPU by pipeline stage", ("Stage", *(label for label, _, _ in GROUPS), "Together"), rows)


def legend(_: Document) -> tuple[LegendEntry, ...]:
    """The colours in words."""
    return tuple(LegendEntry(colour, label) for label, colour, _ in GROUPS)


def height(result: Document) -> int:
    """Pixels: a row for each stage while there are few, thin ones when there are many."""
    stages = len(result["plan"]["memory"]["stages"])
    return FRAME + ROW * stages if stages <= ROOMY else FRAME + max(ROW * ROOMY, TIGHT * stages)


def _stage_axis(stages: list[Document], theme: Theme) -> dict[str, Any]:
    if len(stages) == 1:
        return {"visible": False, "fixedrange": True}
    if "island" in stages[0]:
        rows = [row for row in range(len(stages)) if len(stages) <= ROOMY or _first_of_island(stages, row)]
        named = {"tickvals": rows, "ticktext": [place(stages[row]) for row in rows], "automargin": True}
        return theme.axis("", autorange="reversed", showgrid=False, fixedrange=True, **named)
    tick = 1 if len(stages) <= ROOMY else None
    return theme.axis("Pipeline stage", autorange="reversed", showgrid=False, fixedrange=True, dtick=tick)


def _first_of_island(stages: list[Document], row: int) -> bool:
    return row == 0 or stages[row]["island"] != stages[row - 1]["island"]


def _bars(group: tuple[str, str, tuple[str, ...]], stages: list[Document], theme: Theme) -> go.Bar:
    label, colour, names = group
    sizes = [_sum(stage, names) for stage in stages]
    return go.Bar(
        name=label,
        x=[size / GB for size in sizes],
        y=list(range(len(stages))),
        orientation="h",
        marker={
            "color": theme[f"fig-{colour}"],
            "line": {"color": theme["surface"], "width": 1 if len(stages) <= ROOMY else 0},
        },
        customdata=[
            [units.show(size, units.SIZE), units.show(stage["total_bytes"], units.SIZE), place(stage)]
            for size, stage in zip(sizes, stages, strict=True)
        ],
        hovertemplate=HOVER.replace("LABEL", label.lower()),
    )


def _sum(stage: Document, names: tuple[str, ...]) -> float:
    return float(sum(stage.get(name, 0.0) for name in names))
