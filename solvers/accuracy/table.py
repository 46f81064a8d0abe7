"""A document as tables: the page, the command line and the README show these same cells."""

from collections.abc import Callable
from dataclasses import dataclass

from solvers.accuracy.document import Accuracy, Figure, Group, Groups, Line, Peer

NOTHING = "-"
PARTS = "... "
# Errors under this are written with one digit more.
SMALL = 0.01


@dataclass(frozen=True)
class Table:
    """Rows of cells; `numeric` are the columns that hold numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]

    @property
    def headed(self) -> tuple[tuple[str, bool], ...]:
        """Every column, and whether it holds numbers."""
        return tuple(zip(self.columns, self.numeric, strict=True))

    @property
    def labelled(self) -> tuple[tuple["Cell", ...], ...]:
        """Every cell with its column."""
        return tuple(tuple(Cell(text, *head) for text, head in zip(row, self.headed, strict=True)) for row in self.rows)


@dataclass(frozen=True)
class Cell:
    """A text and its column."""

    text: str
    column: str
    numeric: bool

    @property
    def part(self) -> bool:
        """Whether it names a part of the line above."""
        return self.text.startswith(PARTS)

    @property
    def empty(self) -> bool:
        """Whether there is no such figure."""
        return self.text == NOTHING


@dataclass(frozen=True)
class Column:
    """A column, and what it says of a line; one that says nothing of any line is left out."""

    name: str
    cell: Callable[[Line], str]
    numeric: bool = True


def held_out(document: Accuracy) -> Table:
    """What was held out, and how far predictions are off."""
    columns = (
        Column("What is held out", _name, numeric=False),
        Column("Rows", lambda line: f"{line.rows:,}"),
        Column("Mean error", lambda line: percent(line.mean)),
        Column("Median", lambda line: percent(line.median)),
        Column("Worst part", lambda line: percent(line.worst)),
        Column("Guess", lambda line: percent(line.baseline)),
        Column("Best peer", lambda line: peer(line.peer)),
        Column("Regret, mean / worst", lambda line: _pair(line.regret)),
        Column(f"{_level(document.interval_level)} holds", lambda line: percent(line.coverage)),
        Column("Goal", lambda line: line.goal or NOTHING, numeric=False),
    )
    told = [column for column in columns if any(column.cell(line) != NOTHING for line in document.lines)]
    return Table(
        tuple(column.name for column in told),
        tuple(tuple(column.cell(line) for column in told) for line in document.lines),
        tuple(column.numeric for column in told),
    )


def figures(document: Accuracy) -> Table:
    """Other figures, beside what they have to reach and what others reach."""

    def cells(one: Figure) -> tuple[str, ...]:
        return (one.what, one.found, one.goal or NOTHING, one.beside or NOTHING)

    rows = tuple(cells(one) for one in document.figures)
    return Table(("What", "Here", "Goal", "Beside it"), rows, (False, True, False, False))


def groups(document: Accuracy, of: Groups) -> Table:
    """The twin of a chart: every group beside the guess, the worst first."""
    level = document.interval_level
    covered = any(one.coverage is not None for one in of.groups)
    columns = ("Held out", "Rows", "Mean error", "Guess", *((f"{_level(level)} holds",) if covered else ()))
    rows = tuple(_group(one, covered=covered) for one in by_error(of))
    return Table(columns, rows, (False, *(True,) * (len(columns) - 1)))


def worst(document: Accuracy) -> Table:
    """The cases that are furthest off."""
    rows = tuple((one.name, one.held_out, f"{one.rows:,}", percent(one.error)) for one in document.worst)
    return Table(("Case", "Held out", "Rows", "Mean error"), rows, (False, False, True, True))


def by_error(of: Groups) -> list[Group]:
    """The groups, the worst first."""
    return sorted(of.groups, key=lambda one: -one.error)


def percent(share: float | None) -> str:
    """`7.3 %`, `0.98 %`: small errors with a digit more."""
    if share is None:
        return NOTHING
    digits = 2 if 0.0 < share < SMALL else 1
    return f"{100.0 * share:.{digits}f} %"


def peer(one: Peer | None) -> str:
    """`vTrain 14.7 %`, and ours where the peer could predict only a part of the rows."""
    if one is None:
        return NOTHING
    here = "" if one.here is None else f" (here {percent(one.here)} on its {one.rows:,} rows)"
    return f"{one.name} {percent(one.error)}{here}"


def _level(level: float | None) -> str:
    return "Interval" if level is None else f"{100.0 * level:.0f} % interval"


def _name(line: Line) -> str:
    return f"{PARTS}{line.held_out}" if line.part else line.held_out


def _pair(shares: tuple[float, float] | None) -> str:
    return NOTHING if shares is None else " / ".join(percent(share) for share in shares)


def _group(one: Group, *, covered: bool) -> tuple[str, ...]:
    cells = (one.name, f"{one.rows:,}", percent(one.error), percent(one.baseline))
    return (*cells, percent(one.coverage)) if covered else cells
