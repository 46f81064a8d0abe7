"""Measurements beside what something lets expect of them, row by row and recipe by recipe.

What lets expect is a `Predictor`; the datasheet stands beside each other one, so that one sees what it is worth.
An error is |expected / measured - 1|, as a calibration's own page has it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from frontend import measured
from frontend.predictors import DATASHEET, Predictor
from frontend.templatetags.tables import kept
from planner.models import Measurement, Project
from planner.services import attached
from solvers import catalogue, kinds, recipes, units
from solvers.base import Foretold
from solvers.documents import Document
from solvers.recipes import expected

NEAR = 0.15
# Rows of a figure, and of the table beside it.
MOST = 2000
# Recipes that a finding names, those with most rows; the table has all.
NAMED = 3
# Errors are told with a digit after the point below this.
WHOLE = 0.1
OLDER = "Their recipe is at another version now."
NO_RECORD = "The catalogue has no record of their device."
NO_DATASHEET = "No datasheet says what links and launches take."
TOO_MANY = f"More than {MOST:,} rows are too many for a figure."


@dataclass(frozen=True)
class Point:
    """One measured row: seconds as expected, as measured, and as the datasheet has them where it has words.

    `left_out` says that a calibration learned from the row, and that what is expected is by all of it but that row.
    """

    recipe: str
    label: str
    node: str
    expected_s: float
    measured_s: float
    datasheet_s: float | None = None
    left_out: bool = False

    @property
    def ratio(self) -> float:
        """Measured over expected."""
        return self.measured_s / self.expected_s

    @property
    def near(self) -> bool:
        """Whether it lies in the band about the diagonal."""
        return abs(self.ratio - 1) <= NEAR

    @property
    def error(self) -> float:
        """By what share of what was measured the expected lies off."""
        return abs(self.expected_s / self.measured_s - 1)

    @property
    def datasheet_error(self) -> float | None:
        """The same of the datasheet."""
        return None if self.datasheet_s is None else abs(self.datasheet_s / self.measured_s - 1)


@dataclass(frozen=True)
class Beside:
    """Rows with what is expected of them, and those of which nothing is; the recipes of both."""

    points: list[Point]
    without: list["Without"]
    recipes: list[str]

    @property
    def left_out(self) -> int:
        """Rows that a calibration learned from."""
        return sum(point.left_out for point in self.points)


@dataclass(frozen=True)
class Without:
    """So many rows of a recipe of which nothing is expected, and why."""

    recipe: str
    rows: int
    reason: str


@dataclass(frozen=True)
class Line:
    """A recipe's rows in one line."""

    recipe: str
    rows: int
    near: int
    ratio: str
    worst: str
    error: str
    datasheet_error: str


def beside(project: Project, rows: Sequence[Measurement], by: Predictor = DATASHEET) -> Beside:
    """The rows that the predictor says anything about; SpecError: its calibration is no longer one."""
    without: Counter[tuple[str, str]] = Counter()
    for row in rows:
        without[row.recipe, OLDER] += 0 if _is_of_now(row) else len(row.document["rows"])
    rows = [row for row in rows if _is_of_now(row)]
    records = attached.gpus(project) if any(row.device == "cuda" for row in rows) else []
    nodes = [attached.node_of(records, row) for row in rows]
    datasheet = [_by_datasheet(row, node) for row, node in zip(rows, nodes, strict=True)]
    told = _by_calibration(by, rows, nodes) if by.kind else datasheet
    found: list[Point] = []
    for row, each, alone in zip(rows, told, datasheet, strict=True):
        for one in _points(row, each, alone):
            if isinstance(one, str):
                without[row.recipe, one] += 1
            elif len(found) == MOST:
                without[row.recipe, TOO_MANY] += 1
            else:
                found.append(one)
    others = [Without(measured.title(name), count, why) for (name, why), count in (+without).most_common()]
    return Beside(found, others, list(dict.fromkeys(measured.title(row.recipe) for row in rows)))


def lines(found: Iterable[Point]) -> list[Line]:
    """The table of the figure: each recipe with how far its rows lie from what was expected."""
    return [_line(recipe, own) for recipe, own in _by_recipe(found).items()]


def finding(found: Sequence[Point], by: Predictor = DATASHEET) -> str:
    """What the figure says."""
    if by.kind:
        return kept(_errors(found, by))
    middle = median(point.ratio for point in found)
    near = sum(point.near for point in found)
    told = "as long as" if abs(middle - 1) < 0.005 else f"{middle:.3g} × as long as"
    of_all = f"{near} of {units.many(len(found), 'row')} lie within 15 %"
    return kept(f"The median row takes {told} the datasheet lets expect; {of_all}")


Told = Sequence[Foretold | str]


def _is_of_now(row: Measurement) -> bool:
    """Whether its recipe is still what it was: only then is it known what its rows are of."""
    return row.recipe in recipes.KNOWN and recipes.KNOWN[row.recipe].version == row.version


def _by_datasheet(row: Measurement, node: Document | None) -> Told:
    if node is None:
        return [NO_RECORD] * len(row.document["rows"])
    times = expected.seconds(row.document, catalogue.node(node).gpu)
    return [Foretold(time) if time else NO_DATASHEET for time in times]


def _by_calibration(by: Predictor, rows: Sequence[Measurement], nodes: Sequence[Document | None]) -> list[Told]:
    """An own calibration knows its node; the published one needs a record."""
    own = by.own.document if by.own else None
    pairs = [(row.document, node or {}) for row, node in zip(rows, nodes, strict=True) if node or own]
    told = iter(kinds.foretold(by.kind, own, pairs))
    return [
        next(told) if node or own else [NO_RECORD] * len(row.document["rows"])
        for row, node in zip(rows, nodes, strict=True)
    ]


def _points(row: Measurement, told: Told, datasheet: Told) -> Iterator[Point | str]:
    cells = measured.labels(row.document)
    for label, one, alone, each in zip(cells, told, datasheet, row.document["rows"], strict=True):
        if isinstance(one, str):
            yield one
        else:
            yield Point(
                recipe=measured.title(row.recipe),
                label=label,
                node=row.node.name,
                expected_s=one.seconds,
                measured_s=each["seconds"]["median"],
                datasheet_s=None if isinstance(alone, str) else alone.seconds,
                left_out=one.left_out,
            )


def _errors(found: Sequence[Point], by: Predictor) -> str:
    """`The calibration x is off by 5 % in the median, the datasheet by 60 %: memory bandwidth 2 % (15 %), ...`."""
    said = f"{by.said[0].upper()}{by.said[1:]}"
    both = [point for point in found if point.datasheet_s is not None]
    whole = f"{said} is off by {_error(both or found)} in the median"
    recipes = sorted(_by_recipe(found).items(), key=lambda one: -len(one[1]))
    named = [f"{recipe[0].lower()}{recipe[1:]} {_error(own)}{_beside_datasheet(own)}" for recipe, own in recipes]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    beside_it = f", the datasheet by {_datasheet_error(both)}" if both else ""
    return f"{whole}{beside_it}: {', '.join(named[:NAMED])}{more}"


def _beside_datasheet(own: Sequence[Point]) -> str:
    told = _datasheet_error(own)
    return f" ({told})" if told else ""


def _error(own: Sequence[Point]) -> str:
    return _percent(median(point.error for point in own))


def _datasheet_error(own: Sequence[Point]) -> str:
    """Nothing where no datasheet speaks of such rows."""
    errors = [point.datasheet_error for point in own if point.datasheet_error is not None]
    return _percent(median(errors)) if errors else ""


def _percent(share: float) -> str:
    return f"{100 * share:,.0f} %" if share >= WHOLE else f"{100 * share:.1f} %"


def _by_recipe(found: Iterable[Point]) -> dict[str, list[Point]]:
    by_recipe: dict[str, list[Point]] = {}
    for point in found:
        by_recipe.setdefault(point.recipe, []).append(point)
    return by_recipe


def _line(recipe: str, own: Sequence[Point]) -> Line:
    worst = max(own, key=lambda point: max(point.ratio, 1 / point.ratio))
    middle = median(point.ratio for point in own)
    return Line(
        recipe=recipe,
        rows=len(own),
        near=sum(point.near for point in own),
        ratio=f"{middle:.3g} ×",
        worst=f"{worst.ratio:.3g} × ({worst.label}, {worst.node})",
        error=_error(own),
        datasheet_error=_datasheet_error(own),
    )
