"""Rows that are one run at several points: only its last one counts, unless each is said to be a decayed branch.

A law speaks of runs whose learning rate has come down. A checkpoint on the way of a cosine is worse than a run of that
length (section 3.1 [hoffmann2022chinchilla]); a branch of a stable schedule that decays is as good (section 4
[hu2024minicpm]).
"""

from collections import defaultdict
from collections.abc import Sequence

from solvers.errors import Problem
from solvers.scaling.runs.records import Record
from solvers.units import many

# Fields that two rows of one run share.
SAME = ("params", "unique_tokens", "learning_rate", "batch", "batch_tokens")
# A learning rate below this share of its peak has decayed: as solvers/laws/fit/flags.py has it.
DECAYED = 0.3


def last_of_each(records: Sequence[Record]) -> tuple[tuple[Record, ...], tuple[Problem, ...]]:
    """The records without checkpoints on the way, and what was done as a warning."""
    groups: dict[tuple[object, ...], list[Record]] = defaultdict(list)
    for record in records:
        groups[_run(record)].append(record)
    several = [group for group in groups.values() if len({one.numbers["tokens"] for one in group}) > 1]
    left = {one.line for group in several for one in _on_the_way(group)}
    warnings = (*_left_out(several, left), *_kept([group for group in several if not _on_the_way(group)]))
    return tuple(record for record in records if record.line not in left), warnings


def _run(record: Record) -> tuple[object, ...]:
    """What tells a run from another; a row without a name is a run of its own."""
    name = record.words.get("name")
    if name is None:
        return (record.line,)
    return (name, record.words.get("seed"), record.words.get("recipe"), *(record.numbers.get(field) for field in SAME))


def _on_the_way(group: Sequence[Record]) -> list[Record]:
    last = max(one.numbers["tokens"] for one in group)
    return [one for one in group if one.numbers["tokens"] < last and not _branch(one)]


def _branch(record: Record) -> bool:
    """Whether this is a branch on which the learning rate had decayed."""
    return "branch" in record.words and record.numbers.get("final_rate_share", 0.0) <= DECAYED


def _left_out(several: Sequence[Sequence[Record]], left: set[int]) -> list[Problem]:
    if not left:
        return []
    runs = sum(any(one.line in left for one in group) for group in several)
    message = (
        f"{many(len(left), 'checkpoint')} of {many(runs, 'run')} on the way"
        f" {'is' if len(left) == 1 else 'are'} left out (line {min(left):,} first): "
        "before its learning rate has come down a run says too high a loss."
    )
    hint = "Where each of them had decayed (WSD), say so in a column `branch`."
    return [Problem("checkpoints", message, "", hint)]


def _kept(groups: Sequence[Sequence[Record]]) -> list[Problem]:
    if not groups:
        return []
    rows = sum(len(group) for group in groups)
    message = f"{rows} rows are branches of {many(len(groups), 'run')}, each decayed; all of them count as runs."
    return [Problem("branches", message, "", "They share a trunk: their scatter is less than that of separate runs.")]
