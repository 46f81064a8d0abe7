"""The parts that an answer page is built from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import plotly.graph_objects as go

from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

WIDEST = 0.25
"""Intervals are drawn on an axis of the value ± 25 %, wider where one does not fit: their widths can be compared."""
AN_HOUR = "/h"


@dataclass(frozen=True)
class Head:
    """A headline number; `low`, `at` and `high` are percent of its bar.

    A `filled` bar shows a level in its `colour`, not an interval.
    """

    title: str
    value: str
    unit: str
    note: str
    low: float = 0.0
    at: float = 0.0
    high: float = 0.0
    interval: str = ""
    filled: bool = False
    colour: str = "memory"

    @property
    def span(self) -> float:
        """The width of the interval's bar."""
        return self.high - self.low


@dataclass(frozen=True)
class Table:
    """The numbers of a figure for those who read, search or listen."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def labelled(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Every cell with the name of its column."""
        return tuple(tuple(zip(self.columns, row, strict=True)) for row in self.rows)


@dataclass(frozen=True)
class LegendEntry:
    """A colour of the figure in words; `colour` is a figure token without its prefix."""

    colour: str
    label: str
    value: str = ""
    faint: bool = False
    hatched: bool = False


def always(_: Document) -> bool:
    """The chart of every answer."""
    return True


@dataclass(frozen=True)
class Chart:
    """A figure of an answer: everything about it as functions of the result document; `shown` says if there is one."""

    name: str
    title: Callable[[Document], str]
    figure: Callable[[Document, Theme], go.Figure]
    table: Callable[[Document], Table]
    legend: Callable[[Document], tuple[LegendEntry, ...]]
    height: Callable[[Document], int]
    shown: Callable[[Document], bool] = always
    wide: bool = False


class Drawing(Protocol):
    """A module that draws one chart."""

    def title(self, result: Document, /) -> str: ...
    def figure(self, result: Document, theme: Theme, /) -> go.Figure: ...
    def table(self, result: Document, /) -> Table: ...
    def legend(self, result: Document, /) -> tuple[LegendEntry, ...]: ...
    def height(self, result: Document, /) -> int: ...
    def shown(self, result: Document, /) -> bool: ...


def chart(name: str, of: Drawing, *, wide: bool = False) -> Chart:
    """The chart that this module draws."""
    return Chart(name, of.title, of.figure, of.table, of.legend, height=of.height, shown=of.shown, wide=wide)


@dataclass(frozen=True)
class Sheet:
    """A titled list of facts beside the figures: what, and what of it; one without facts is left out."""

    title: str
    facts: Callable[[Document], tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Difference:
    """One number of a picked plan beside the answer's."""

    label: str
    picked: str
    answer: str
    change: str
    better: bool | None


@dataclass(frozen=True)
class Pick:
    """A plan chosen from the frontier.

    What it is, where it lies in the chart, its numbers beside the answer's, the changes to the spec that ask for it,
    and what the button that makes them says.
    """

    key: str
    label: str
    standing: str
    x: float
    y: float
    numbers: tuple[Difference, ...]
    breakdown: tuple[Difference, ...]
    changes: tuple[tuple[str, object], ...]
    act: str = "Plan with this layout fixed"


@dataclass(frozen=True)
class Point:
    """A row of the frontier's table twin: its key, its cells, whether it is this answer."""

    key: str
    cells: tuple[str, ...]
    standing: str


def none_further(_: Document) -> int:
    """For charts whose axes hold every point."""
    return 0


@dataclass(frozen=True)
class Frontier:
    """The chart that one picks from; `further` counts the points beyond its axes."""

    title: Callable[[Document], str]
    figure: Callable[[Document, Theme], go.Figure]
    columns: tuple[str, ...]
    points: Callable[[Document], tuple[Point, ...]]
    pick: Callable[[Document, str], Pick | None]
    further: Callable[[Document], int] = none_further
    order: str = "fastest first"


@dataclass(frozen=True)
class Choice:
    """A row of the alternatives; a cell is its column, its value, its interval."""

    rank: str
    key: str
    label: str
    cells: tuple[tuple[str, str, str], ...]
    why_not: str


@dataclass(frozen=True)
class Nearest:
    """The plan that misses by least, and by what."""

    label: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Panel:
    """A table that stands for itself: its finding, its rows if it has columns, and sentences below."""

    name: str
    title: str
    table: Table
    notes: tuple[str, ...] = ()


def no_panels(_: Document) -> tuple[Panel, ...]:
    """For kinds whose charts say it all."""
    return ()


def interval_head(
    title: str, name: str, estimate: Mapping[str, float], *, note: str = "", widest: float = WIDEST
) -> Head:
    """The headline of an estimate, drawn with its interval."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    number, unit = split(units.show_named(name, value))
    return Head(
        title=title,
        value=number,
        unit=unit,
        note=note,
        low=_percent(low, value, widest),
        at=50.0,
        high=_percent(high, value, widest),
        interval=interval(name, estimate) if low < high else "",
    )


def widest(estimates: Mapping[str, Mapping[str, float]], names: tuple[str, ...]) -> float:
    """The half width of the shared axis: 25 %, or what the widest of these intervals needs."""
    found = [estimates[name] for name in names if estimates.get(name, {}).get("value")]
    reach = [abs(bound / estimate["value"] - 1) for estimate in found for bound in (estimate["low"], estimate["high"])]
    return max(WIDEST, *(1.1 * share for share in reach)) if reach else WIDEST


def chance(share: float) -> str:
    """A share of a few hundred draws: whole per cents."""
    return f"{100.0 * share:.0f} %" if share >= 0.01 else "under 1 %"


def interval(name: str, estimate: Mapping[str, float]) -> str:
    """`14.9 – 16.6 s`, `$2.50 – $3.10/h`: both ends, the unit said once where it is the same."""
    low, high = (units.show_named(name, estimate[end]) for end in ("low", "high"))
    if low.endswith(AN_HOUR) and high.endswith(AN_HOUR):
        return f"{low.removesuffix(AN_HOUR)} – {high}"
    return f"{split(low)[0] if split(low)[1] == split(high)[1] else low} – {high}"


def split(shown: str) -> tuple[str, str]:
    """`15.7 s` as number and unit; what is written without a space stays whole."""
    number, _, unit = shown.partition(" ")
    return number, unit


def ring(theme: Theme) -> go.Scatter:
    """An empty ring, last of the traces, that the page puts around what is picked."""
    marker = {"color": "rgba(0,0,0,0)", "size": 20, "line": {"color": theme["ink"], "width": 2}}
    return go.Scatter(name="Picked", x=[], y=[], mode="markers", marker=marker, hoverinfo="skip")


def relative(value: float, answer: float) -> str:
    """The change from the answer: `+4.2 %`, or nothing where they are equal."""
    if value == answer:
        return ""
    if answer == 0:
        return "new"
    change = value / answer - 1
    return f"{change:+.1%}".replace("-", "−").replace("%", " %")


def in_seconds(label: str, picked: float, answer: float) -> Difference:
    """A term's change in seconds: shares of a small term would shout."""
    shown, was, change = (units.show(abs(value), units.DURATION) for value in (picked, answer, picked - answer))
    same = shown == was
    sign = "+" if picked > answer else "−"
    return Difference(label, shown, was, "" if same else sign + change, None if same else picked < answer)


def _percent(bound: float, value: float, half: float) -> float:
    return 50.0 if value == 0 else round(min(100.0, max(0.0, 50.0 + 50.0 * (bound / value - 1) / half)), 2)
