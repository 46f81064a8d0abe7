"""What a cell says: a count such as "1.4T", an amount of arithmetic, a plain number, or a state."""

import math
import re

from solvers.errors import Problem, SpecError
from solvers.units import COUNT, WORK, parse

COUNTED = (
    "params", "all_params", "tokens", "unique_tokens", "step", "steps", "batch_tokens", "batch", "sequence", "experts",
    "streams", "replicas",
)  # fmt: skip
NOTHING = ("nan", "none", "null", "n/a", "-", "")
GROUPED = re.compile(r"\d{1,3}([,_ ]\d{3})+(\.\d+)?")
FINISHED = ("finished", "completed", "complete", "success", "succeeded", "done")
UNFINISHED = (
    "crashed", "failed", "killed", "running", "pending", "scheduled", "preempted", "preempting", "stopped", "diverged",
)  # fmt: skip


def number(field: str, text: str, *, scale: float = 1.0) -> float:
    """The number of a cell, nan where it says that there is none, or in the place of a loss that a run has not ended.

    SpecError says how to write it.
    """
    if text.lower() in (*NOTHING, *(UNFINISHED if field == "loss" else ())):
        return math.nan
    if field in COUNTED and GROUPED.fullmatch(text):
        text = re.sub(r"[,_ ]", "", text)
    try:
        return float(text) * scale
    except ValueError:
        pass
    if field in COUNTED:
        return parse(text, COUNT)
    if field == "flops":
        return parse(text, WORK)
    hint = (
        "Write a point, not a comma."
        if re.fullmatch(r"\d+,\d+", text)
        else "Write a bare number, like 2.31, or leave the cell empty."
    )
    raise SpecError(Problem("not_a_number", f"'{text[:40]}' is no number.", "", hint))


def unfinished(state: str) -> bool:
    """Whether a state says that the run did not come to its end."""
    return state.lower() in UNFINISHED


def known_state(state: str) -> bool:
    """Whether this is a state that runs have."""
    return state.lower() in (*FINISHED, *UNFINISHED)
