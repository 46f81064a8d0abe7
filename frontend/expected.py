"""Measurements beside what the datasheet of their device lets expect, row by row and recipe by recipe."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from frontend import measured
from frontend.templatetags.tables import kept
from planner.models import Measurement, Project
from planner.services import attached
from solvers import units
from solvers.catalogue import Gpu
from solvers.recipes import expected

NEAR = 0.15
# Rows of a figure, and of the table beside it.
MOST = 2000


@dataclass(frozen=True)
class Point:
    """One measured row: seconds as expected and as measured."""

    recipe: str
    label: str
    node: str
    expected_s: float
    measured_s: float

    @property
    def ratio(self) -> float:
        """Measured over expected."""
        return self.measured_s / self.expected_s

    @property
    def near(self) -> bool:
        """Whether it lies in the band about the diagonal."""
        return abs(self.ratio - 1) <= NEAR


@dataclass(frozen=True)
class Line:
    """A recipe's rows in one line."""

    recipe: str
    rows: int
    near: int
    ratio: str
    worst: str


def points(project: Project, rows: Sequence[Measurement]) -> list[Point]:
    """The rows that the datasheet says anything about, of measurements whose device is known."""
    records = attached.gpus(project) if any(row.device == "cuda" for row in rows) else []
    found: list[Point] = []
    for row in rows:
        gpu = _device(records, row)
        if gpu is not None and len(found) < MOST:
            found += _points(row, gpu)
    return found[:MOST]


def lines(found: Iterable[Point]) -> list[Line]:
    """The table of the figure: each recipe with how far its rows lie from what was expected."""
    by_recipe: dict[str, list[Point]] = {}
    for point in found:
        by_recipe.setdefault(point.recipe, []).append(point)
    return [_line(recipe, own) for recipe, own in by_recipe.items()]


def finding(found: Sequence[Point]) -> str:
    """What the figure says."""
    middle = median(point.ratio for point in found)
    near = sum(point.near for point in found)
    told = "as long as" if abs(middle - 1) < 0.005 else f"{middle:.3g} × as long as"
    of_all = f"{near} of {units.many(len(found), 'row')} lie within 15 %"
    return kept(f"The median row takes {told} the datasheet lets expect; {of_all}")


def _device(records: Sequence[Gpu], row: Measurement) -> Gpu | None:
    if row.device == "cuda":
        return attached.known(records, row.name)
    said = row.node.capability
    threads = row.document["environment"]["threads"]
    return attached.own_gpu({**said, "cpu": {**said["cpu"], "cores": min(threads, said["cpu"]["cores"])}})


def _points(row: Measurement, gpu: Gpu) -> list[Point]:
    times = expected.seconds(row.document, gpu)
    cells = measured.labels(row.document)
    return [
        Point(measured.title(row.recipe), label, row.node.name, time, each["seconds"]["median"])
        for label, time, each in zip(cells, times, row.document["rows"], strict=True)
        if time
    ]


def _line(recipe: str, own: Sequence[Point]) -> Line:
    worst = max(own, key=lambda point: max(point.ratio, 1 / point.ratio))
    middle = median(point.ratio for point in own)
    near = sum(point.near for point in own)
    return Line(recipe, len(own), near, f"{middle:.3g} ×", f"{worst.ratio:.3g} × ({worst.label}, {worst.node})")
