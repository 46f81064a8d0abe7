"""Several lengths from one stable run: a trunk at the peak learning rate, and a decay that leaves it for each length.

With lengths D_1 < ... < D_m in tokens and the decay's share f of each, branch i leaves the trunk at (1 - f) D_i and
decays over f D_i [hu2024minicpm]. Together (1 - f) D_m + f (D_1 + ... + D_m) tokens, against D_1 + ... + D_m for runs
of their own. In whole steps of one batch; a branch starts from the trunk's checkpoint there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from solvers.errors import Problem, SpecError
from solvers.laws.hyperparameters.schedules import DECAY_SHARE, Schedule, steps_of


@dataclass(frozen=True)
class Segment:
    """A piece of a run, in steps: the trunk's up to a checkpoint, or a decay from one."""

    name: str
    start: int
    end: int
    after: str

    @property
    def steps(self) -> int:
        """Steps of this piece alone."""
        return self.end - self.start


@dataclass(frozen=True)
class Tree:
    """Pieces of trunk and decays in the order to run them, their tokens together, and those of separate runs."""

    segments: tuple[Segment, ...]
    schedules: tuple[Schedule, ...]
    batch_tokens: float
    tokens: float
    separate_tokens: float

    @property
    def saving(self) -> float:
        """Share of the separate runs' tokens that the tree saves."""
        return 1.0 - self.tokens / self.separate_tokens


def tree(
    lengths: Sequence[float],
    *,
    batch_tokens: float,
    peak: float,
    warmup_steps: int = 0,
    decay_share: float = DECAY_SHARE,
    final_ratio: float = 0.0,
    decay: str = "linear",
) -> Tree:
    """The tree of runs of `lengths` tokens. SpecError where a decay would start before the warm-up's end."""
    if not lengths or not 0.0 < decay_share <= 1.0:
        message = "A tree has one length or more, and a decay of 0 to 1 of each."
        raise SpecError(Problem("out_of_range", message, "/lengths", "Give the tokens of each run."))
    ends = sorted({steps_of(tokens, batch_tokens) for tokens in lengths})
    schedules = tuple(
        Schedule("wsd", peak, end, warmup_steps, max(1, math.ceil(decay_share * end)), final_ratio, decay)
        for end in ends
    )
    segments = _segments(schedules)
    separate = sum(ends) * batch_tokens
    return Tree(segments, schedules, batch_tokens, sum(one.steps for one in segments) * batch_tokens, separate)


def _segments(schedules: Sequence[Schedule]) -> tuple[Segment, ...]:
    found: list[Segment] = []
    before, at = "", 0
    for number, schedule in enumerate(schedules, start=1):
        leave = schedule.stable_until
        if leave > at:
            found.append(Segment(f"trunk-{number}", at, leave, before))
            before, at = f"trunk-{number}", leave
        found.append(Segment(f"decay-{number}", leave, schedule.steps, before))
    return tuple(found)
