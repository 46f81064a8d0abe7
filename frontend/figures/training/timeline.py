"""The pipeline of one step as it was simulated: what each stage does when, and when it waits."""

import math
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

ROW, FRAME, MOST = 26, 66, 380
GAP = 0.04
"""Space between the start and the end of the pipeline where the middle is left out, as a share of what is shown."""
TICKS = 4
FINER = 0.4
FINELY = 400
"""From so many operations on they are drawn without a line around them."""


@dataclass(frozen=True)
class Work:
    """How a kind of work is called and coloured; the lighter shade is the same resource at other work."""

    label: str
    colour: str
    strength: float = 1.0


WORKS = {
    "forward": Work("Forward", "compute", 0.5),
    "backward": Work("Backward", "compute"),
    "weights": Work("Weight gradients", "data"),
    "recompute": Work("Recomputation", "memory"),
}
IDLE = Work("Waiting", "bubble")


def shown(result: Document) -> bool:
    """Whether the plan has a pipeline, and the answer its timeline."""
    return bool(result["explanation"].get("timeline"))


def title(result: Document) -> str:
    """How much the stages wait."""
    stages = _timeline(result)["by_stage"]
    waiting = [stage["idle_s"] / _timeline(result)["seconds"] for stage in stages]
    least, most = (units.show(round(share, 2), units.SHARE) for share in (min(waiting), max(waiting)))
    span = f"{least} to {most}" if least != most else least
    plan = result["plan"]
    dealt = f"; {_dealt(plan['layers_per_stage'])} layers" if _uneven(plan) else ""
    return f"The stages of the pipeline wait {span} of its time{dealt}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A row for each stage, a bar for each operation; waiting shows as what lies behind."""
    document = _timeline(result)
    place = _places(document)
    rows = {stage: row for row, stage in enumerate(document["stages"])}
    left_out = f" ({units.show(place.hidden, units.DURATION)} alike left out)" if place.hidden else ""
    axis = theme.axis(
        f"Time in the pipeline{left_out}", range=[0, place.width], fixedrange=True, showgrid=False, **_ticks(place)
    )
    names = [str(stage) for stage in document["stages"]]
    yaxis = theme.axis(
        "Stage", autorange="reversed", showgrid=False, fixedrange=True,
        tickmode="array", tickvals=list(range(len(names))), ticktext=names,
    )  # fmt: skip
    margin = {"l": 48, "r": 12, "t": 6, "b": 52}
    layout = theme.layout(barmode="overlay", bargap=0.15, height=height(result), xaxis=axis, yaxis=yaxis, margin=margin)
    bars = [_bars(kind, document, place, rows, theme) for kind in range(len(document["kinds"]))]
    return go.Figure([_waiting(len(rows), place, theme), *(bar for bar in bars if len(bar.x))], layout)


def table(result: Document) -> Table:
    """Every stage: its layers and its seconds."""
    document = _timeline(result)
    names = [name for name in WORKS if any(stage[f"{name}_s"] > 0 for stage in document["by_stage"])]
    rows = tuple(
        (
            str(stage["stage"]),
            str(stage["layers"]),
            *(units.show(stage[f"{name}_s"], units.DURATION) for name in names),
            units.show(stage["idle_s"], units.DURATION),
            units.show(round(stage["idle_s"] / document["seconds"], 4), units.SHARE),
        )
        for stage in document["by_stage"]
    )
    columns = ("Stage", "Layers", *(WORKS[name].label for name in names), IDLE.label, "Share")
    return Table("Seconds of one step's pipeline by stage", columns, rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The colours in words."""
    used = {_timeline(result)["kinds"][kind] for kind in _timeline(result)["kind"]}
    works = [work for name, work in WORKS.items() if name in used]
    return tuple(LegendEntry(work.colour, work.label, faint=work.strength < 1) for work in [*works, IDLE])


def height(result: Document) -> int:
    """Pixels."""
    return min(MOST, FRAME + ROW * len(_timeline(result)["stages"]))


@dataclass(frozen=True)
class Places:
    """Where times stand on the axis: the first `edge` seconds, a gap, the last `edge`; or all of `whole`."""

    whole: float
    edge: float | None

    @property
    def hidden(self) -> float:
        """Seconds that are left out."""
        return 0.0 if self.edge is None else self.whole - 2 * self.edge

    @property
    def gap(self) -> float:
        """What stands for them."""
        return 0.0 if self.edge is None else GAP * 2 * self.edge

    @property
    def width(self) -> float:
        """The length of the axis."""
        return self.whole - self.hidden + self.gap

    def at(self, seconds: float) -> float:
        """The place of a time that is shown."""
        late = self.edge is not None and seconds > self.whole / 2
        return seconds - self.hidden + self.gap if late else seconds


def _timeline(result: Document) -> Document:
    found: Document = result["explanation"]["timeline"]
    return found


def _places(document: Document) -> Places:
    return Places(document["seconds"], document["shown_from_each_end_s"])


def _ticks(place: Places) -> dict[str, Any]:
    """Ticks at round times, away from the gap."""
    spans = [(0.0, place.whole)] if place.edge is None else [(0.0, place.edge), (place.whole - place.edge, place.whole)]
    step = _round_step((spans[0][1] - spans[0][0]) / (TICKS / len(spans)))
    shown_times = _times(place, spans, step)
    if len(shown_times) <= len(spans):  # a scale has two ticks at least, and says when it ends
        shown_times = _times(place, spans, _round_step(FINER * step))
    return {
        "tickmode": "array",
        "tickangle": 0,
        "tickvals": [place.at(seconds) for seconds in shown_times],
        "ticktext": [units.show(seconds, units.DURATION) if seconds else "0" for seconds in shown_times],
    }


def _times(place: Places, spans: list[tuple[float, float]], step: float) -> list[float]:
    """Every `step` seconds that lies in a span, away from the gap."""
    times = [number * step for number in range(int(place.whole / step) + 1)]
    inside = [seconds for seconds in times if any(start <= seconds <= end for start, end in spans)]
    if place.edge is None:
        return inside
    near = 0.2 * place.edge
    return [one for one in inside if not place.edge - near < one < place.whole - place.edge + near]


def _round_step(seconds: float) -> float:
    """1, 2 or 5 times a power of ten, at least `seconds`."""
    power = 10.0 ** math.floor(math.log10(seconds))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= seconds * (1 - 1e-9))


def _waiting(rows: int, place: Places, theme: Theme) -> go.Bar:
    """What shows where no operation lies on it."""
    spans = [(0.0, place.width)]
    if place.edge is not None:
        spans = [(0.0, place.edge), (place.edge + place.gap, place.edge)]
    return go.Bar(
        name=IDLE.label,
        orientation="h",
        base=[start for start, _ in spans for _ in range(rows)],
        x=[length for _, length in spans for _ in range(rows)],
        y=[row for _ in spans for row in range(rows)],
        marker={"color": theme[f"fig-{IDLE.colour}"], "line": {"width": 0}},
        hoverinfo="skip",
    )


def _bars(kind: int, document: Document, place: Places, rows: dict[int, int], theme: Theme) -> go.Bar:
    name = document["kinds"][kind]
    work = WORKS[name]
    chosen = [index for index, one in enumerate(document["kind"]) if one == kind]
    many = len(document["kind"]) > FINELY
    chunks = max(document["chunk"]) > 0
    return go.Bar(
        name=work.label,
        orientation="h",
        base=[place.at(document["start_s"][index]) for index in chosen],
        x=[document["operation_s"][index] for index in chosen],
        y=[rows[document["stage"][index]] for index in chosen],
        marker={
            "color": theme.tint(f"fig-{work.colour}", work.strength),
            "line": {"color": theme["surface"], "width": 0 if many else 0.5},
        },
        customdata=[_told(document, index, chunks=chunks) for index in chosen],
        hovertemplate=f"<b>{work.label}</b><br>%{{customdata}}<extra></extra>",
    )


def _told(document: Document, index: int, *, chunks: bool) -> str:
    start, length = document["start_s"][index], document["operation_s"][index]
    chunk = f", chunk {document['chunk'][index]}" if chunks else ""
    return (
        f"stage {document['stage'][index]}{chunk}, micro-batch {document['micro_batch'][index]}<br>"
        f"{units.show(length, units.DURATION)} from {units.show(start, units.DURATION) if start else '0 s'}"
    )


def _uneven(plan: Document) -> bool:
    return bool(plan.get("simulated") and plan["simulated"]["uneven"])


def _dealt(layers: list[int]) -> str:
    """`8, 9, 9, 6`, or the two ends of it where there are many."""
    return ", ".join(map(str, layers)) if len(layers) <= 8 else f"{min(layers)} to {max(layers)}"
