"""`isoflop accuracy`: how well a kind's models predict a table of measurements; without one, published ones."""

import csv
import inspect
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from planner.cli.exits import usage
from planner.cli.output import Form, Output, data, tables

MOST_SEEDS = 1000


def accuracy(  # noqa: PLR0913 -- one argument for each option of the command
    kind: Annotated[str, typer.Argument(metavar="KIND", help="A kind of plan; without --data, all if left out.")] = "",
    *,
    measurements: Annotated[
        Path | None, typer.Option("--data", help="Measurements as CSV, one a row; without, what ships is printed.")
    ] = None,
    calibrate_on: Annotated[
        Path | None, typer.Option("--calibrate-on", help="Fit the model on these measurements only.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="How rows are held out: prior, cv5, cv5-grouped, leave-out:COLUMN, calibrate:N,M or calibrate:N."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=MOST_SEEDS, help="Repeat random choices so many times.")] = 1,
    memory: Annotated[Path | None, typer.Option("--memory", help="Score memory on this table too.")] = None,
    runs: Annotated[
        Path | None, typer.Option("--runs", help="Open-loop runs (serving); --data then gives their requests.")
    ] = None,
    profiles: Annotated[
        str | None, typer.Option("--profiles", metavar="GLOB", help="Kernel profiles for the open-loop runs.")
    ] = None,
    fit: Annotated[
        Path | None, typer.Option("--fit", help="Runs that laws are fitted to (scaling); --data has those to foretell.")
    ] = None,
    law: Annotated[
        str | None, typer.Option("--law", metavar="auto|NAME", help="The law to score (scaling); auto weighs several.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns", metavar="FIELD=COLUMN,...", help="The files' own names: params=N,tokens=D,loss=loss."
        ),
    ] = None,
    counts: Annotated[str | None, typer.Option("--counts", help="What N counts, where the files do not say.")] = None,
    loss_unit: Annotated[
        str | None, typer.Option("--loss-unit", help="The unit of the loss, where the files do not say.")
    ] = None,
    leave: Annotated[
        str | None,
        typer.Option("--leave", metavar="FAMILY,...", help="Shipped families that nothing may be learned from."),
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", metavar="COLUMN=VALUE", help="Score only these rows; may repeat.")
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="How to print the scores.")] = Output.TABLE,
) -> None:
    """Score a kind's predictions against measurements; errors and shares are fractions (0.07, not 7).

    Without --data: how well published measurements were predicted, when that was computed and by which command.
    """
    if measurements is None:
        _shipped(kind, output)
        return
    score = _scorer(kind)
    options: dict[str, Any] = {"calibrate_on": rows(calibrate_on)} if calibrate_on else {}
    options |= {"protocol": protocol} if protocol else {}
    options |= {"seeds": seeds} if seeds > 1 else {}
    options |= {"memory": rows(memory)} if memory else {}
    options |= {"runs": rows(runs)} if runs else {}
    options |= {"profiles": texts(profiles)} if profiles else {}
    options |= {"fit": rows(fit)} if fit else {}
    options |= {"law": law} if law else {}
    told = {"columns": columns, "counts": counts, "loss_unit": loss_unit, "leave": leave}
    options |= {name: value for name, value in told.items() if value}
    _print(kind, score(chosen(rows(measurements), where or ()), **_fitting(kind, score, options)), output)


def _shipped(kind: str, output: Output) -> None:
    """What was computed on published measurements, of one kind or of all."""
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import
    from solvers import accuracy, kinds  # noqa: PLC0415 -- the solvers are slow to import
    from solvers.accuracy.table import held_out  # noqa: PLC0415 -- the same

    found = [accuracy.document(name) for name in ([kind] if kind else kinds.names())]
    if output in (Output.JSON, Output.YAML):
        data([one.model_dump(mode="json") for one in found], Form(output.value))
        return
    cut = [(one, held_out(one)) for one in found]
    tables(
        [Table(f"{one.headline} ({one.date})", of.columns, of.rows, numeric=sum(of.numeric)) for one, of in cut], output
    )


def _scorer(kind: str) -> Callable[..., dict[str, Any]]:
    """The function that scores a kind; UnknownName offers the nearest kind."""
    from solvers import kinds  # noqa: PLC0415 -- the solvers are slow to import

    kinds.get(kind, at="")
    scorer: Callable[..., dict[str, Any]] = import_module(f"{kinds.MODULES[kind]}.accuracy").score
    return scorer


def _fitting(kind: str, score: Callable[..., dict[str, Any]], options: dict[str, Any]) -> dict[str, Any]:
    """The options, and a clock where the kind times itself; a usage error where it has no such option or lacks one."""
    known = inspect.signature(score).parameters
    for name in options:
        if name not in known:
            option = f"--{name.replace('_', '-')}"
            raise usage("unknown_option", f"accuracy {kind} has no {option}.", "Leave it out.")
    if "fit" in known and "fit" not in options:
        raise usage("missing", f"accuracy {kind} needs --fit FILE.", "Give the runs that laws are fitted to.")
    return options | ({"clock": time.perf_counter} if "clock" in known else {})


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, each a mapping from the header."""
    try:
        _no_spreadsheet(path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not reader.fieldnames:
                raise usage("empty", f"{path} is empty.", "The first row names the columns.")
            return [{name: value or "" for name, value in row.items() if name} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise usage("unreadable", f"{path}: {reason}.", "Give a UTF-8 CSV file with a header.") from None


def _no_spreadsheet(path: Path) -> None:
    from solvers.documents import SPREADSHEETS  # noqa: PLC0415 -- the solvers are slow to import

    with path.open("rb") as file:
        head = file.read(max(map(len, SPREADSHEETS)))
    if head.startswith(SPREADSHEETS):
        message = f"{path} is a spreadsheet; what is read is CSV: commas between columns, a header in the first row."
        hint = "Save its sheet as CSV UTF-8 (Excel: Save As; LibreOffice: Save a Copy, Text CSV), and give that file."
        raise usage("spreadsheet", message, hint)


def texts(pattern: str) -> dict[str, str]:
    """The texts of the files that a pattern names, by file name."""
    whole = Path(pattern)
    anchor = Path(whole.anchor) if whole.is_absolute() else Path()
    found = sorted(path for path in anchor.glob(str(whole.relative_to(anchor))) if path.is_file())
    if not found:
        raise usage(
            "no_files", f"--profiles {pattern}: no file is called so.", "Quote the pattern, as in 'profile_*.csv'."
        )
    return {path.name: path.read_text("utf-8") for path in found}


def chosen(table: list[dict[str, str]], where: Sequence[str]) -> list[dict[str, str]]:
    """The rows that agree with every COLUMN=VALUE, case ignored; a VALUE that ends in * says how the cell begins."""
    from solvers.errors import nearest  # noqa: PLC0415 -- the solvers are slow to import

    for condition in where:
        column, equals, value = condition.partition("=")
        if not equals:
            raise usage("malformed", f"--where {condition}: COLUMN=VALUE was expected.", "For example gpu=H100.")
        if table and column not in table[0]:
            raise usage("unknown_column", f"There is no column called '{column}'.", nearest(column, table[0]))
        values = {row[column] for row in table}
        table = [row for row in table if _agrees(row[column], value)]
        if not table:
            raise usage("no_rows", f"No row has {column} = {value}.", nearest(value, values))
    return table


def _agrees(cell: str, value: str) -> bool:
    wanted, found = value.casefold(), cell.strip().casefold()
    return found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted


def _print(kind: str, scores: dict[str, Any], output: Output) -> None:
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    if output in (Output.JSON, Output.YAML):
        data(scores, Form(output.value))
        return
    whole = {name: value for name, value in scores.items() if not _is_parts(value)}
    found = [Table(f"Accuracy of {kind}", ("score", "value"), tuple(_flat(whole)), numeric=1)]
    found += [_parts(name, value) for name, value in scores.items() if _is_parts(value)]
    tables(found, output)


def _is_parts(value: Any) -> bool:
    """Whether these are the scores of several parts of the data."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(part, dict) and "rows" in part for part in value.values())
    )


def _parts(name: str, parts: dict[str, Any]) -> Any:
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    flat = {part: dict(_flat(scores)) for part, scores in parts.items()}
    columns = tuple(dict.fromkeys(column for scores in flat.values() for column in scores))
    lines = tuple((part, *(scores.get(column, "-") for column in columns)) for part, scores in flat.items())
    return Table(name.replace("_", " ").capitalize(), ("part", *columns), lines, numeric=len(columns))


def _flat(scores: Any, name: str = "") -> list[tuple[str, str]]:
    """Scores by their path; a list by its length."""
    match scores:
        case dict():
            return [row for key, value in scores.items() for row in _flat(value, f"{name} {key}".strip())]
        case list():
            return [(name, f"{len(scores)} entries")]
        case float():
            return [(name, f"{scores:.4g}")]
    return [(name, "-" if scores is None else str(scores))]
