"""One replica as it was simulated: its batch, its KV cache and its queue, over the same time."""

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.serving import asked
from frontend.figures.serving.pools import role
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

ROW, FRAME = 92, 56
GAP = 0.2
"""Space between two lines of the chart, as a share of one."""
TRACKS = (
    ("batch", "Running", "compute", 1.0),
    ("kv_share", "KV cache (%)", "memory", 100.0),
    ("waiting", "Waiting", "network", 1.0),
)
PROMPTS = ("prefill_tokens", "Prompt tokens", "compute", 1.0)
QUARTERS = 4
FEW = 2


def shown(result: Document) -> bool:
    """Whether the answer holds a timeline."""
    return any(one["end_s"] for one in _timelines(result))


def title(result: Document) -> str:
    """What binds a replica: its queue, its cache or neither."""
    found = _timelines(result)
    one = found[-1]
    batch, fullest = units.count(max(one["batch"])), asked.percent(max(one["kv_share"]))
    return f"{_named(one)} runs up to {batch} requests at once in {fullest} of its KV cache; {_waits(found)}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Three lines over one time for each timeline there is."""
    found = _timelines(result)
    drawn = [(one, track) for one in found for track in tracks(one)]
    rows = len(drawn)
    layout: dict[str, Any] = {}
    lines = []
    for row, (one, (name, label, colour, scale)) in enumerate(drawn):
        axis = "" if row == 0 else str(row + 1)
        top = 1 - row / rows
        named = label if len(found) == 1 else f"{role(one['role'])}:<br>{_lowered(label)}"
        domain = [top - (1 - GAP) / rows, top]
        ticks = _ticks(max(one[name]), whole=scale == 1.0)
        layout[f"yaxis{axis}"] = theme.axis(named, domain=domain, rangemode="tozero", fixedrange=True, **ticks)
        lines.append(_line(one, name, label, theme[f"fig-{colour}"], scale, axis))
    last = "" if rows == 1 else str(rows)
    layout["xaxis"] = theme.axis("Time (s)", fixedrange=True, showgrid=False, rangemode="tozero", anchor=f"y{last}")
    margin = {"l": 60, "r": 16, "t": 6, "b": 44}
    return go.Figure(lines, theme.layout(height=height(result), hovermode="x", margin=margin, **layout))


def table(result: Document) -> Table:
    """The mean and the most of each in quarters of the time."""
    rows = tuple(row for one in _timelines(result) for row in _quarters(one, several=len(_timelines(result)) > 1))
    return Table(
        "A replica over its time", ("Time", "Running, mean", "Running, most", "KV cache, most", "Waiting, most"), rows
    )


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The colours in words."""
    shown_ = [track for one in _timelines(result) for track in tracks(one)]
    words = {
        colour: [label.removesuffix(" (%)") for _, label, other, _ in shown_ if other == colour]
        for _, _, colour, _ in TRACKS
    }
    return tuple(LegendEntry(colour, _listed(labels)) for colour, labels in words.items())


def height(result: Document) -> int:
    """Pixels."""
    return FRAME + ROW * sum(len(tracks(one)) for one in _timelines(result))


def tracks(one: Document) -> tuple[tuple[str, str, str, float], ...]:
    """The lines of one replica: where no answers run, its prompts stand for its batch."""
    first = PROMPTS if one.get("role") == "prefill" else TRACKS[0]
    return (first, *TRACKS[1:])


def _listed(labels: list[str]) -> str:
    """`Prompt tokens, running`: each once, the first as it is."""
    first, *others = dict.fromkeys(labels)
    return ", ".join([first, *(_lowered(label) for label in others)])


def _lowered(label: str) -> str:
    """As it stands within a sentence: `running`, but `KV cache`."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _waits(found: list[Document]) -> str:
    """The longest queue of each replica that has one."""
    queues = [(one.get("role", "both"), max(one["waiting"])) for one in found if max(one["waiting"])]
    told = [(units.count(queue), "" if name == "both" else f" for {role(name).lower()}") for name, queue in queues]
    if not told:
        return "nothing waits"
    (first, of_it), *others = told
    return " and ".join([f"at most {first} wait{of_it}", *(f"{queue}{of_that}" for queue, of_that in others)])


def _ticks(most: float, *, whole: bool) -> dict[str, Any]:
    """Few ticks; of what is counted none between two whole numbers."""
    if not whole or most > FEW:
        return {"nticks": 3}
    return {"dtick": 1, "range": [0, 1.1 * max(most, 1)]}


def _timelines(result: Document) -> list[Document]:
    """One replica's steps, or those of one of each pool."""
    found = result["explanation"].get("timeline") or []
    return [found] if isinstance(found, dict) else list(found)


def _named(one: Document) -> str:
    return "A replica" if one.get("role", "both") == "both" else f"A replica of {role(one['role']).lower()}"


def _line(one: Document, name: str, label: str, colour: str, scale: float, axis: str) -> go.Scatter:
    told = label.removesuffix(" (%)")
    return go.Scatter(
        name=told,
        x=one["end_s"],
        y=[scale * value for value in one[name]],
        yaxis=f"y{axis}",
        mode="lines",
        line={"color": colour, "width": 1.5, "shape": "hv"},
        customdata=[asked.percent(value) if name == "kv_share" else units.count(value) for value in one[name]],
        hovertemplate=f"{told} %{{customdata}}<extra></extra>",
    )


def _quarters(one: Document, *, several: bool) -> list[tuple[str, ...]]:
    steps = len(one["end_s"])
    bounds = [steps * quarter // QUARTERS for quarter in range(QUARTERS + 1)]
    return [_quarter(one, start, end, several=several) for start, end in pairwise(bounds) if end > start]


def _quarter(one: Document, start: int, end: int, *, several: bool) -> tuple[str, ...]:
    began = one["end_s"][start - 1] if start else 0.0
    where = f"{role(one['role'])}, " if several else ""
    batch = one["batch"][start:end]
    return (
        f"{where}{asked.seconds(began) if began else '0 s'} to {asked.seconds(one['end_s'][end - 1])}",
        f"{sum(batch) / len(batch):.1f}",
        units.count(max(batch)),
        asked.percent(max(one["kv_share"][start:end])),
        units.count(max(one["waiting"][start:end])),
    )
