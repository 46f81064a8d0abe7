"""What lies in the memory of one GPU of each pipeline stage, against what the GPU has."""

from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.theme import Theme
from frontend.figures.training.heads import fullest
from solvers import units
from solvers.documents import Document

GB = 1e9
ROOMY, ROW, TIGHT = 8, 30, 4
FRAME = 72
HOVER = "<b>Stage %{y}: LABEL</b><br>%{customdata[0]} of %{customdata[1]}<extra></extra>"
GROUPS = (
    ("Weights, gradients", "compute", ("weights_bytes", "gradients_bytes")),
    ("Optimizer", "data", ("optimizer_bytes",)),
    ("Activations", "memory", ("activations_bytes",)),
    ("Logits, buffers, allocator", "other", ("logits_bytes", "buffers_bytes", "fragmentation_bytes", "context_bytes")),
)


def title(result: Document) -> str:
    """Which stage is the fullest."""
    plan = result["plan"]
    stage, capacity = fullest(plan), plan["memory"]["capacity_bytes"]
    used = f"{units.show(stage['total_bytes'], units.SIZE)} of {units.show(capacity, units.SIZE)}"
    alone = len(plan["memory"]["stages"]) == 1
    return f"Each GPU holds {used}" if alone else f"Stage {stage['stage']} is the fullest: {used}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A stacked bar for each stage, the first on top, with the GPU's memory as a line."""
    memory = result["plan"]["memory"]
    stages, capacity = memory["stages"], memory["capacity_bytes"] / GB
    most = max(capacity, *(stage["total_bytes"] / GB for stage in stages))
    xaxis = theme.axis("Memory of one GPU (GB)", range=[0, 1.1 * most], fixedrange=True)
    margin = {"l": 56 if len(stages) > 1 else 4, "r": 12, "t": 22, "b": 44}
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
    drawn.add_vline(x=capacity, line={"color": theme["bad"], "width": 1.5, "dash": "dash"})
    return drawn.add_annotation(
        x=capacity, y=1, yref="paper", yanchor="bottom", xanchor="right", showarrow=False,
        text=f"{units.show(memory['capacity_bytes'], units.SIZE)} on the GPU", font={"color": theme["bad"], "size": 12},
    )  # fmt: skip


def table(result: Document) -> Table:
    """Every stage with its parts."""
    rows = tuple(
        (
            str(stage["stage"]),
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
    tick = 1 if len(stages) <= ROOMY else None
    return theme.axis("Pipeline stage", autorange="reversed", showgrid=False, fixedrange=True, dtick=tick)


def _bars(group: tuple[str, str, tuple[str, ...]], stages: list[Document], theme: Theme) -> go.Bar:
    label, colour, names = group
    sizes = [_sum(stage, names) for stage in stages]
    return go.Bar(
        name=label,
        x=[size / GB for size in sizes],
        y=[stage["stage"] for stage in stages],
        orientation="h",
        marker={
            "color": theme[f"fig-{colour}"],
            "line": {"color": theme["surface"], "width": 1 if len(stages) <= ROOMY else 0},
        },
        customdata=[
            [units.show(size, units.SIZE), units.show(stage["total_bytes"], units.SIZE)]
            for size, stage in zip(sizes, stages, strict=True)
        ],
        hovertemplate=HOVER.replace("LABEL", label.lower()),
    )


def _sum(stage: Document, names: tuple[str, ...]) -> float:
    return float(sum(stage.get(name, 0.0) for name in names))
