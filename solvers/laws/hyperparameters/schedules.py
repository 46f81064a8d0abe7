"""Learning rate by step: linear warm-up, then cosine, linear decay, or stable with a decay at the end (WSD).

With warm-up W, steps T, the decay's steps K and the floor f = final / peak, at step t in 0..T:

    t < W         peak (t + 1) / W                                      the first step already learns
    cosine        peak (f + (1 - f)(1 + cos(pi s)) / 2),   s = (t - W) / (T - W)      [loshchilov2017sgdr]
    linear        peak (1 - (1 - f) s)                     best in the worst case with f = 0 [defazio2023optimal]
    wsd           peak until T - K, then peak (f + (1 - f) g(s)),   s = (t - (T - K)) / K          [hu2024minicpm]
                  g(s) = 1 - s,  or 1 - s^1/2, which loses a little less [hagele2024scaling]
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Problem, SpecError, unknown

Floats = NDArray[np.float64]

KINDS = ("cosine", "linear", "wsd")
DECAYS = ("linear", "sqrt")
# Share of the steps that a decay needs at least: 10 % did, 2.5 % did not (section 4.3 [hu2024minicpm]).
DECAY_SHARE = 0.1


@dataclass(frozen=True)
class Schedule:
    """A schedule in whole steps; `decay_steps` and `decay` are for WSD. SpecError where it is none."""

    kind: str
    peak: float
    steps: int
    warmup_steps: int = 0
    decay_steps: int = 0
    final_ratio: float = 0.0
    decay: str = "linear"

    def __post_init__(self) -> None:
        for what, name, names in (("schedule", self.kind, KINDS), ("decay", self.decay, DECAYS)):
            if name not in names:
                raise unknown(what, name, names)
        wrong = _wrong(self)
        if wrong:
            raise SpecError(Problem("out_of_range", wrong, "/schedule", "Mend the steps or rates."))

    @property
    def stable_until(self) -> int:
        """The step at which a WSD schedule starts to decay."""
        return self.steps - self.decay_steps

    @property
    def caveats(self) -> tuple[str, ...]:
        """What to doubt of it."""
        if self.kind == "wsd" and self.decay_steps < DECAY_SHARE * self.steps:
            return ("A decay under a tenth of the steps leaves loss on the table.",)
        return ()


def _wrong(schedule: Schedule) -> str:
    if not (schedule.peak > 0.0 and math.isfinite(schedule.peak)):
        return f"The peak learning rate is positive, not {schedule.peak:g}."
    if not 0.0 <= schedule.final_ratio <= 1.0:
        return f"The last learning rate is 0 to 1 times the peak, not {schedule.final_ratio:g}."
    if schedule.steps < 1 or schedule.warmup_steps < 0 or schedule.decay_steps < 0:
        return "A schedule has at least one step, and no negative ones."
    if schedule.warmup_steps + schedule.decay_steps > schedule.steps:
        return f"Warm-up and decay are longer than the {schedule.steps:,} steps."
    if schedule.kind == "wsd" and not schedule.decay_steps:
        return "A stable schedule without decay ends at the peak; give the steps of its decay."
    return ""


def steps_of(tokens: float, batch_tokens: float) -> int:
    """Whole steps that see at least `tokens`."""
    if not (0.0 < tokens < math.inf and 0.0 < batch_tokens < math.inf):
        message = f"Tokens and batch are positive, not {tokens:g} and {batch_tokens:g}."
        raise SpecError(Problem("out_of_range", message, "/tokens", "Give both in tokens."))
    return math.ceil(tokens / batch_tokens)


def learning_rate(schedule: Schedule, step: Floats | float) -> Floats:
    """The learning rate of steps [...], counted from 0."""
    at = np.asarray(step, dtype=np.float64)
    start = schedule.stable_until if schedule.kind == "wsd" else schedule.warmup_steps
    share = np.clip((at - start) / max(schedule.steps - start, 1), 0.0, 1.0)
    after = schedule.final_ratio + (1.0 - schedule.final_ratio) * _left(schedule, share)
    warm = (at + 1.0) / max(schedule.warmup_steps, 1)
    found: Floats = schedule.peak * np.where(at < schedule.warmup_steps, warm, after)
    return found


def _left(schedule: Schedule, share: Floats) -> Floats:
    """What is left of the peak after a share of the decay, without the floor."""
    if schedule.kind == "cosine":
        return np.asarray((1.0 + np.cos(np.pi * share)) / 2.0)
    return np.asarray(1.0 - (np.sqrt(share) if schedule.decay == "sqrt" else share))


def area(schedule: Schedule) -> float:
    """Sum of the learning rate over all steps: how far AdamW's decay has come, times weight decay."""
    return float(learning_rate(schedule, np.arange(schedule.steps, dtype=np.float64)).sum())
