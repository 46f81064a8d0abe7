"""Which column says what: as told, else the likeliest of the known names, with a word on what was guessed."""

from collections.abc import Mapping
from dataclasses import dataclass

from solvers.errors import Problem, SpecError, nearest
from solvers.scaling.runs.names import ACTIVE, FIELDS, LOSS, PARAMS, TOTAL, meant, measured, plain

NEEDED = ("params", "loss")
SAID = {"params": "parameters"}
# Words in the names of losses on text that was not trained on.
HELD_OUT = ("val", "eval", "valid", "validation", "test")


@dataclass(frozen=True)
class Column:
    """A column of the table, what one of its numbers is worth, whether it was told, and the name it was known by."""

    column: str
    scale: float = 1.0
    told: bool = False
    known_as: str = ""


Columns = Mapping[str, Column]


def mapped(text: str) -> dict[str, str]:
    """The columns that `params=N,tokens=D,loss=loss` tells, by field. SpecError says what is wrong with it."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        field, equals, column = (piece.strip() for piece in part.partition("="))
        if not (equals and field and column):
            message = f"'{part[:80]}' is not FIELD=COLUMN."
            raise SpecError(Problem("malformed", message, "/columns", "Write it like params=N,tokens=D,loss=loss."))
        found[field] = column
    return found


def columns_of(
    names: tuple[str, ...], told: Mapping[str, str], *, counts: str | None = None
) -> tuple[Columns, tuple[Problem, ...]]:
    """The columns by field, and warnings; SpecError where a told one is not there, or a needed one is not found."""
    _check_told(names, told)
    found = {field: _told(field, column) for field, column in told.items()}
    warnings: list[Problem] = []
    for field in FIELDS:
        if field in told or (field == "tokens" and {"steps", "step"} & set(told)):
            continue
        best, others = _best(field, names, counts)
        best = best or (_some_loss(names) if field == "loss" else None)
        if best is None:
            continue
        found[field] = best
        if others and field == "params":
            warnings += _counted(best.column, others, counts)
        elif others and field in ("loss", "tokens"):
            warnings.append(_several(field, best.column, others))
    _check_needed(found, names)
    return found, tuple(warnings)


def likeliest(names: tuple[str, ...], told: Mapping[str, str], *, counts: str | None = None) -> Columns:
    """The columns by field that are told and there, and the likeliest of the others; nothing is refused or missed."""
    found = {field: _told(field, column) for field, column in told.items() if field in FIELDS and column in names}
    for field in FIELDS:
        best = None if field in found else _best(field, names, counts)[0]
        if best is not None:
            found[field] = best
    return found


def _check_told(names: tuple[str, ...], told: Mapping[str, str]) -> None:
    problems = [
        Problem("unknown_name", f"There is nothing called '{field[:80]}' that a column could say.", "/columns", hint)
        for field in told
        if field not in FIELDS
        for hint in [nearest(field, FIELDS)]
    ] + [
        Problem("unknown_column", f"There is no column called '{column[:80]}'.", "/columns", nearest(column, names))
        for column in told.values()
        if column not in names
    ]
    if problems:
        raise SpecError(*problems)


def _told(field: str, column: str) -> Column:
    known = meant(column, field)
    return Column(column, known.scale if known else 1.0, told=True, known_as=known.name if known else "")


def _best(field: str, names: tuple[str, ...], counts: str | None) -> tuple[Column | None, list[str]]:
    """The likeliest column, and the others that could be it too."""
    counts = _both(names) if field == "params" and counts is None else counts
    order = {name: place for place, name in enumerate(FIELDS[field])}
    ranked = sorted(
        (not _asked(field, known.name, counts), order[known.name], not measured(column), place, column, known)
        for place, column in enumerate(names)
        if (known := meant(column, field)) is not None
    )
    if not ranked:
        return None, []
    column, known = ranked[0][-2:]
    return Column(column, known.scale, known_as=known.name), [one[-2] for one in ranked[1:]]


def _both(names: tuple[str, ...]) -> str | None:
    """Active parameters are N where all are said beside them."""
    return ACTIVE if {ACTIVE, TOTAL} <= {counts_of(column) for column in names} else None


def _asked(field: str, name: str, counts: str | None) -> bool:
    """Whether a column counts parameters as was asked for; columns of other fields always do as well as any."""
    return field != "params" or counts is None or PARAMS[name] == counts


def _some_loss(names: tuple[str, ...]) -> Column | None:
    """The one column that speaks of a loss without a known name; SpecError where there are several."""
    speaking = [name for name in names if "loss" in plain(name).split("_")]
    held_out = [name for name in speaking if set(HELD_OUT) & set(plain(name).split("_"))]
    chosen = held_out or speaking
    if len(chosen) > 1:
        shown = ", ".join(chosen[:6])
        message = f"{len(chosen)} columns could be the loss: {shown}."
        raise SpecError(Problem("ambiguous", message, "/columns", f"Name one, such as loss={chosen[0]}."))
    return Column(chosen[0]) if chosen else None


def counts_of(column: str) -> str | None:
    """What a column's name says that its parameters count, "" where it does not say; None where it holds none."""
    known = meant(column, "params")
    return None if known is None else PARAMS[known.name]


def _counted(chosen: str, others: list[str], counts: str | None) -> list[Problem]:
    """Columns of parameters beside the chosen one: told as several counts where their names say so."""
    said = {column: counts_of(column) for column in (chosen, *others)}
    if counts is not None and said[chosen] == counts:
        return []
    if len(set(said.values())) == 1:
        return [_several("params", chosen, others)]
    ways = ", ".join(f"'{column}' ({way or 'it does not say'})" for column, way in list(said.items())[:4])
    message = (
        f"The table counts parameters in several ways: {ways}. N is '{chosen}' in all runs; a law of another count "
        "is another law."
    )
    return [Problem("counts_differ", message, "/columns", "Say params=COLUMN for another count.")]


def _several(field: str, chosen: str, others: list[str]) -> Problem:
    message = (
        f"{field.capitalize()} are read from '{chosen}'" if field != "loss" else f"The loss is read from '{chosen}'"
    )
    shown = ", ".join(f"'{name}'" for name in others[:4]) + (" and others" if len(others) > 4 else "")
    return Problem("guessed_column", f"{message}; {shown} could be it too.", "/columns", f"Say {field}=COLUMN.")


def _check_needed(found: Columns, names: tuple[str, ...]) -> None:
    missing = [field for field in NEEDED if field not in found]
    if missing and names and all(map(_is_number, names)):
        hint = "Write a first line that names the columns, such as params,tokens,loss."
        raise SpecError(Problem("no_header", "The first line has numbers where the columns are named.", "", hint))
    problems = [
        Problem(
            "missing_column",
            f"No column is known to be the {SAID.get(field, field)}.",
            "/columns",
            _how_to_name(field, names),
        )
        for field in missing
    ]
    if problems:
        raise SpecError(*problems)


def _how_to_name(field: str, names: tuple[str, ...]) -> str:
    if field == "loss" and any("perplexity" in plain(name) or "ppl" in plain(name).split("_") for name in names):
        return "Only a perplexity is there: its natural logarithm is the loss in nats a token; add it as a column."
    return f"Choose it: `columns: {{{field}: NAME}}`. The table has: {', '.join(names[:12])}."


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def said_by_name(columns: Columns, field: str) -> str:
    """The convention of N, or unit of loss, that the name of its column says; "" says none."""
    return {"params": PARAMS, "loss": LOSS}[field].get(columns[field].known_as, "")
