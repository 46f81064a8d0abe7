"""Will it fit? The fullest stage beside its device: what the meters will show, how much is left, how sure that is.

    chance = T_G(log(capacity / peak) / s)
with Student's distribution of G degrees of freedom and the spread s of published peaks around predictions that had not
seen them (solvers.training.memory).
"""

import math

from scipy.special import stdtr, stdtrit

from solvers.cost.stage import PART_WORDS, PARTS
from solvers.documents import Document
from solvers.errors import Problem
from solvers.training.memory import memory_document
from solvers.units import SHARE, SIZE, show

# Below this chance a plan carries a warning.
LIKELY = 0.9


def room_document(stages: list[Document], *, capacity: float) -> Document:
    """What the plan says of the fullest of `stages`, on a device of `capacity` bytes."""
    fullest = max(stages, key=lambda stage: float(stage["total_bytes"]))
    device = float(fullest["total_bytes"])
    reserved = device - float(fullest["context_bytes"])
    return {
        "fullest_stage": fullest["stage"],
        "largest_part": largest_part(fullest),
        "shown": {
            "allocated_bytes": reserved - float(fullest["fragmentation_bytes"]),
            "reserved_bytes": reserved,
            "device_bytes": device,
        },
        "margin_bytes": capacity - device,
        "chance_to_fit": chance_to_fit(device, capacity),
    }


def largest_part(stage: Document) -> str:
    """The part that takes most of a stage's memory."""
    return max(PARTS, key=lambda name: float(stage[f"{name}_bytes"]))


def chance_to_fit(peak_bytes: float, capacity_bytes: float) -> float:
    """Probability that a predicted peak stays within a device."""
    known = memory_document()
    groups = int(known["left_out"]["groups"])
    reach = float(stdtrit(groups, (1.0 + known["level"]) / 2.0))
    spread = math.log(known["quantiles"][1]) / reach
    return float(stdtr(groups, math.log(capacity_bytes / peak_bytes) / spread))


def tight(room: Document) -> tuple[Problem, ...]:
    """A warning where the plan may not fit after all."""
    chance = float(room["chance_to_fit"])
    if chance >= LIKELY:
        return ()
    message = (
        f"Stage {room['fullest_stage']} leaves {show(room['margin_bytes'], SIZE)} of its device free and fits with a"
        f" chance of {show(chance, SHARE)}; most of it is {PART_WORDS[room['largest_part']]}."
    )
    return (Problem("may_not_fit", message, "/constraints/memory_headroom", "More head-room makes it surer."),)
