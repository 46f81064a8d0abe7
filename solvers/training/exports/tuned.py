"""What a plan of one run says beyond a layout: learning rate, schedule, optimizer, and the checkpoint it starts from.

Frameworks count a schedule in steps: warm-up, then the peak, then a decay that ends at `end`. A piece of a longer run
stops before, at the run's own steps.
"""

from dataclasses import dataclass
from typing import Literal

Schedule = Literal["constant", "wsd", "cosine", "linear"]
Decay = Literal["linear", "sqrt", "cosine"]


@dataclass(frozen=True)
class Start:
    """The checkpoint of another run that this one goes on from: the run's folder and the step."""

    folder: str
    step: int


@dataclass(frozen=True)
class Tuned:
    """A peak learning rate, its way over the steps, AdamW's settings, and the folder of the run's own checkpoints."""

    learning_rate: float
    schedule: Schedule
    end: int
    warmup_steps: int
    decay_steps: int
    decay: Decay
    final_share: float
    weight_decay: float
    beta1: float
    beta2: float
    folder: str
    start: Start | None = None
