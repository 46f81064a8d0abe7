"""Steps, warm-up, decay and the last learning rate of a run, and how the peak of one schedule becomes another's.

Rules and most runs speak of a cosine. A schedule that stays longer near its peak wants a lower one; the learning rates
of all steps are kept at one sum, which for a decay over the last fifth is 0.58 of a cosine's peak ("half" in
[hagele2024scaling]); an estimate, so the interval holds the peak without it too.
"""

import math
from dataclasses import dataclass

from solvers.errors import unknown
from solvers.laws.hyperparameters.schedules import KINDS, Schedule, area, steps_of

# Steps of warm-up at most: section 3 [li2025predictable] and section 2.3 [deepseek2024llm]; no more tokens than the
# model has parameters (section 3 [porian2024resolving]); no more than a tenth of the run (estimate).
WARMUP, WARMUP_SHARE = 2000, 0.1
# Share of a WSD run that decays, as 1 - square root, to zero (section 4 [hagele2024scaling]).
DECAY = 0.2
# A cosine ends at this learning rate [li2025predictable], and at no more than this share of the peak
# [hoffmann2022chinchilla]; a linear decay at zero [defazio2023optimal].
COSINE_END, COSINE_SHARE = 1e-5, 0.1
SHAPES = {"wsd": "sqrt", "cosine": "cosine", "linear": "linear"}
# How schedules are called in tables of runs.
WORDS = {"cosine": "cosine", "linear": "linear", "wsd": "wsd", "stable": "wsd", "trapez": "wsd"}


@dataclass(frozen=True)
class Course:
    """A schedule without its peak: whole steps, and the share of the peak that it ends at."""

    kind: str
    steps: int
    warmup_steps: int
    decay_steps: int

    def final_rate_share(self, peak: float) -> float:
        """The last learning rate over the peak."""
        return min(COSINE_SHARE, COSINE_END / peak) if self.kind == "cosine" else 0.0


def course(kind: str, *, params: float, tokens: float, batch_tokens: float) -> Course:
    """The steps of a run. SpecError where the schedule is unknown, or a size is none."""
    if kind not in KINDS:
        raise unknown("schedule", kind, KINDS, at="/options/schedule")
    steps = steps_of(tokens, batch_tokens)
    warm = min(WARMUP, math.ceil(params / batch_tokens), math.ceil(WARMUP_SHARE * steps), steps - 1)
    decay = {"wsd": math.ceil(DECAY * steps), "cosine": steps - warm, "linear": steps - warm}[kind]
    return Course(kind, steps, warm, decay)


def mean_share(kind: str) -> float:
    """The mean learning rate of a long run over its peak, warm-up aside."""
    steps = 10_000
    last = COSINE_SHARE if kind == "cosine" else 0.0
    decay = math.ceil(DECAY * steps) if kind == "wsd" else 0
    shape = "sqrt" if kind == "wsd" else "linear"
    return area(Schedule(kind, 1.0, steps, 0, decay, last, shape)) / steps


def peak_ratio(kind: str, *, of: str) -> float:
    """The peak of a schedule over that of another with the same sum of learning rates."""
    return mean_share(of) / mean_share(kind)


def kind_of(word: str) -> str | None:
    """The schedule that a table's word means, None where it is none of these."""
    found = [kind for part, kind in WORDS.items() if part in word.lower()]
    return found[0] if found else None
