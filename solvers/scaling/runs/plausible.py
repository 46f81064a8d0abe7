"""Whether the numbers of runs can be what their columns are taken for: told, not refused, since unusual runs exist."""

from collections.abc import Iterator, Sequence
from statistics import median

from solvers.errors import Problem
from solvers.scaling.runs.columns import Columns
from solvers.scaling.runs.conventions import Convention
from solvers.scaling.runs.records import Record

# Fewer parameters no language model of a ladder has; tokens for each parameter are seldom below one (estimates).
FEWEST_PARAMS, FEWEST_EACH = 1e4, 1.0
# Nats a token of a guess among 262,144 tokens, as large as vocabularies are: ln 2^18.
GUESSING = 12.48
# Losses of code are lower than those of text: 0.99 nats a token at 4.4B parameters [chen2025parallel], less beyond
# (estimate). Where the unit is said, only what is below them is doubted.
LOWEST_NATS = 0.8


def implausible(records: Sequence[Record], columns: Columns, unit: Convention) -> Iterator[Problem]:
    """Warnings on sizes, lengths and losses, each by the middle of the runs."""
    yield from _sizes(records, columns)
    losses = [record.loss for record in records if 0.0 < record.loss < float("inf")]
    if losses and unit.name == "nats/token":
        yield from _losses(median(losses), columns["loss"].column, said=unit.source != "assumed")


def _sizes(records: Sequence[Record], columns: Columns) -> Iterator[Problem]:
    params = median(record.numbers["params"] for record in records)
    each = median(record.numbers["tokens"] / record.numbers["params"] for record in records)
    named = f"'{columns['params'].column}'"
    if params < FEWEST_PARAMS:
        message = f"{named} has a median of {params:.3g} parameters, which is too few for a model."
        hint = "Give plain counts, or say the unit in the column's name, such as 'params (M)'."
        yield Problem("params_unclear", message, "/columns", hint)
    if each < FEWEST_EACH:
        message = f"The runs have {each:.2g} tokens for each parameter in the middle; usual are 5 to some hundreds."
        other = f" and '{columns['tokens'].column}'" if "tokens" in columns else ""
        hint = f"Check the unit of {named}{other}, and that tokens and parameters are not exchanged."
        yield Problem("tokens_unclear", message, "/columns", hint)


def _losses(middle: float, named: str, *, said: bool) -> Iterator[Problem]:
    """Losses that nats a token can hardly be; where the unit was assumed, low ones are told with that."""
    if said and middle < LOWEST_NATS:
        message = f"'{named}' has a median of {middle:.3g}, which is low for nats a token: is it another unit?"
        hint = "Bits or nats a byte or character are lower; an accuracy is no loss."
        yield Problem("loss_unit_unclear", message, "/loss_unit", hint)
    if middle > GUESSING:
        message = f"'{named}' has a median of {middle:.3g} nats a token, which is worse than guessing."
        hint = "The loss of a perplexity is its natural logarithm."
        yield Problem("loss_unit_unclear", message, "/loss_unit", hint)
