"""What N counts and the unit of the loss: as stated, as a column or its name says, or assumed with a warning."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from solvers.errors import Problem, SpecError, nearest
from solvers.laws.errors import BadRuns
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.laws.units import COUNTS, LOSS_UNITS
from solvers.scaling.runs.columns import Columns, said_by_name
from solvers.scaling.runs.names import plain
from solvers.scaling.runs.records import Record

ASSUMED_COUNTS, ASSUMED_UNIT = "total", "nats/token"
# No model of text is said to reach this many nats a token; a median below it is of another unit (estimate).
LOW_NATS = 1.3
# How far compute over 6 N D may be from its own median, and that from 1, before N or D seem to be counted otherwise.
APART = 1.5


@dataclass(frozen=True)
class Convention:
    """A convention or unit, and where it comes from: stated, column, name or assumed."""

    name: str
    source: str


def conventions(
    columns: Columns, records: Sequence[Record], *, counts: str | None, loss_unit: str | None
) -> tuple[Convention, Convention, tuple[Problem, ...]]:
    """What N counts, the unit of loss, and warnings. BadRuns where runs say several, or other than is stated."""
    params = _one("counts", records, columns, COUNTS, "params", counts)
    unit = _one("loss_unit", records, columns, LOSS_UNITS, "loss", loss_unit)
    warnings: list[Problem] = []
    if params is None:
        params = Convention(ASSUMED_COUNTS, "assumed")
        warnings.append(_assumed_counts(columns))
    if unit is None:
        unit = Convention(ASSUMED_UNIT, "assumed")
        warnings.append(_assumed_unit(columns, records))
    return params, unit, (*warnings, *_compute(records))


def _one(
    field: str, records: Sequence[Record], columns: Columns, known: dict[str, str], of: str, stated: str | None
) -> Convention | None:
    """The one name that holds for all runs, or None where nobody says."""
    if stated is not None and stated not in known:
        raise SpecError(Problem("unknown_name", f"'{stated[:80]}' is no {field}.", f"/{field}", nearest(stated, known)))
    said: dict[str, int] = {}
    for record in records:
        if field in record.words:
            said.setdefault(_named(record, field, known), record.line)
    if stated is not None:
        said.setdefault(stated, 0)
    if len(said) > 1:
        shown = ", ".join(f"{name} (line {line:,})" if line else f"{name} (stated)" for name, line in said.items())
        hint = "Convert one of them first, or import them one by one."
        raise BadRuns(Problem("mixed_units", f"The runs mix {field}: {shown}.", f"/{field}", hint))
    if said:
        return Convention(next(iter(said)), "stated" if stated else "column")
    by_name = said_by_name(columns, of)
    return Convention(by_name, "name") if by_name else None


def _named(record: Record, field: str, known: dict[str, str]) -> str:
    spelled = {plain(name): name for name in known}
    text = record.words[field]
    if plain(text) not in spelled:
        message = f"Line {record.line:,}: '{text[:40]}' is no {field}."
        raise SpecError(Problem("unknown_name", message, f"/{field}", nearest(text, known)))
    return spelled[plain(text)]


def _assumed_counts(columns: Columns) -> Problem:
    message = (
        f"'{columns['params'].column}' does not say what it counts; all parameters were assumed. With or without "
        "embeddings, the fitted law is another."
    )
    return Problem("counts_assumed", message, "/counts", f"Say counts: {', '.join(COUNTS)}.")


def _assumed_unit(columns: Columns, records: Sequence[Record]) -> Problem:
    losses = [record.loss for record in records if record.loss > 0.0]
    hint = f"Say loss_unit: {', '.join(LOSS_UNITS)}."
    if losses and median(losses) < LOW_NATS:
        message = (
            f"'{columns['loss'].column}' has a median of {median(losses):.3g}, which is too low for nats a token: it "
            "is more likely bits or nats a byte or character."
        )
        return Problem("loss_unit_unclear", message, "/loss_unit", hint)
    message = f"'{columns['loss'].column}' does not say its unit; nats a token were assumed."
    return Problem("loss_unit_assumed", message, "/loss_unit", hint)


def _compute(records: Sequence[Record]) -> list[Problem]:
    """Runs whose logged compute is far from 6 N D, all of them alike or some unlike the others."""
    ratios = {record.line: _ratio(record) for record in records if record.numbers.get("flops", 0.0) > 0.0}
    if not ratios:
        return []
    middle = median(ratios.values())
    odd = [line for line, ratio in ratios.items() if _unlike(ratio, middle)]
    if odd:
        message = (
            f"Compute over 6 N D is {middle:.2g} in the middle and {ratios[odd[0]]:.2g} on line {odd[0]:,}"
            f" ({len(odd)} such): N or D of these runs may be counted otherwise."
        )
        return [Problem("flops_disagree", message, "/columns", "Check what N counts and the unit of tokens.")]
    if _unlike(middle, 1.0):
        message = f"The compute that was logged is {middle:.2g} times 6 N D: N may count other parameters."
        return [Problem("flops_disagree", message, "/columns", "Check what N counts and the unit of tokens.")]
    return []


def _unlike(one: float, other: float) -> bool:
    return max(one / other, other / one) > APART


def _ratio(record: Record) -> float:
    numbers = record.numbers
    return numbers["flops"] / (FLOPS_PER_PARAMETER_TOKEN * numbers["params"] * numbers["tokens"])
