"""`isoflop accuracy`: how well a kind's models predict a table of measurements."""

import csv
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from planner.cli.exits import usage
from planner.cli.output import Form, data


def accuracy(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="A kind of plan.")],
    *,
    measurements: Annotated[Path, typer.Option("--data", help="Measurements as CSV, one a row.")],
    output: Annotated[Form, typer.Option("--output", "-o", help="How to print the scores.")] = Form.TABLE,
) -> None:
    """Score a kind's predictions against measurements; errors and shares are fractions (0.07, not 7)."""
    from solvers import kinds  # noqa: PLC0415 -- the solvers are slow to import

    kinds.get(kind, at="")
    scores = import_module(f"{kinds.MODULES[kind]}.accuracy").score(rows(measurements))
    data(scores, output, _table(kind, scores))


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, each a mapping from the header."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not reader.fieldnames:
                raise usage("empty", f"{path} is empty.", "The first row names the columns.")
            return [{name: value or "" for name, value in row.items() if name} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise usage("unreadable", f"{path}: {reason}.", "Give a UTF-8 CSV file with a header.") from None


def _table(kind: str, scores: dict[str, Any]) -> Any:
    from planner.exports.report import Table  # noqa: PLC0415 -- pydantic is slow to import

    return Table(f"Accuracy of {kind}", ("score", "value"), tuple(_flat(scores)), numeric=1)


def _flat(scores: Any, name: str = "") -> list[tuple[str, str]]:
    """Scores by dotted name; of a list, its first entries."""
    match scores:
        case dict():
            return [row for key, value in scores.items() for row in _flat(value, f"{name} {key}".strip())]
        case list():
            return [(name, f"{len(scores)} entries")]
        case float():
            return [(name, f"{scores:.4g}")]
    return [(name, "-" if scores is None else str(scores))]
