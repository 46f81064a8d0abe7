"""Which schedule of the learning rate a run had, and a word where runs of several are taken for one.

A run whose learning rate has not come down says a higher loss than a decayed one of its size and length (section 4
[hu2024minicpm]); what a schedule's end does to the loss is none of what laws of parameters and tokens see.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from solvers.errors import Problem
from solvers.scaling.runs.checkpoints import DECAYED
from solvers.scaling.runs.names import plain
from solvers.scaling.runs.records import Record

UNDECAYED, UNSAID = "undecayed", "not said"
CONSTANT = ("constant", "constant_lr", "constant_with_warmup")
# A schedule, and words one of which stands in what people call it; the first that fits.
CALLED = {
    "WSD": ("wsd", "stable", "trapezoid", "trapezoidal", "cooldown", "constant"),
    "cosine": ("cosine", "cos"),
    "linear": ("linear",),
}


def final_share(record: Record) -> float | None:
    """The share of its peak that a run's learning rate ends at, where its row says it."""
    numbers = record.numbers
    if "final_rate_share" in numbers:
        return numbers["final_rate_share"]
    if plain(record.words.get("schedule", "")) in CONSTANT:
        return 1.0
    if "final_rate" in numbers and numbers.get("learning_rate", 0.0) > 0.0:
        return numbers["final_rate"] / numbers["learning_rate"]
    return None


def schedule_of(record: Record) -> str:
    """`WSD`, `cosine`, `linear`, a name that nobody knows as it stands, `undecayed` or `not said`."""
    if (final_share(record) or 0.0) > DECAYED:
        return UNDECAYED
    said = plain(record.words.get("schedule", ""))
    known = (name for name, words in CALLED.items() if set(words) & set(said.split("_")))
    return next(known, said or UNSAID)


def mixed(records: Sequence[Record]) -> Iterator[Problem]:
    """A warning where runs of one recipe had several schedules."""
    of_recipes: dict[str, Counter[str]] = {}
    for record in records:
        of_recipes.setdefault(record.words.get("recipe", ""), Counter())[schedule_of(record)] += 1
    unlike = [found for found in of_recipes.values() if len(set(found) - {UNSAID}) > 1 or _partly(found)]
    if not unlike:
        return
    counts = sum(unlike, Counter[str]())
    shown = ", ".join(f"{name} {times}" for name, times in counts.most_common())
    reason = " A run whose learning rate has not come down says too high a loss." if UNDECAYED in counts else ""
    message = f"The runs are of several schedules ({shown}); laws of parameters and tokens take them for one.{reason}"
    hint = "Give runs of one schedule that have decayed, or say which by a column recipe."
    yield Problem("mixed_schedules", message, "", hint)


def _partly(found: Counter[str]) -> bool:
    """Whether some runs are said to be undecayed, and of the others nothing is."""
    return UNDECAYED in found and UNSAID in found
