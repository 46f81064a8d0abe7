"""What comes to workers of a closed loop, and the weighted steps that it was recorded to run."""

from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.steps import Compositions

# Rounds of all clients: one to start, one to end, the rest is weighed.
ROUNDS = 4


@dataclass(frozen=True)
class Load:
    """What comes to one worker [n]: tokens in and out, drafted tokens."""

    inputs: Floats
    outputs: Floats
    drafts: Floats


@dataclass(frozen=True)
class Recorded:
    """Steps of one job for n loads, k of each: `steps` are flat [n k], weights [n, k].

    tpot = per_token . seconds (before drafts are counted); a first token waits `missed` . seconds for each missed
    step, `own` . seconds for its own prompt, `line` . seconds in line with all others. Of workers that only prefill
    `own` . seconds are those of a mean step.
    """

    job: ServingJob
    steps: Compositions
    per_token: Floats
    missed: Floats
    own: Floats
    line: Floats


def accepted(drafts: Floats, acceptance: float) -> Floats:
    """Tokens that a step gives."""
    return (1.0 - acceptance ** (drafts + 1.0)) / (1.0 - acceptance)


def drawn_lengths(rng: np.random.Generator, size: int, *, inputs: int, outputs: int, shortest: float) -> list[Ints]:
    """Tokens of prompts and of answers [size] each: evenly from the shortest share of the longest to it."""
    return [np.maximum(rng.integers(round(shortest * most), most + 1, size), 1) for most in (inputs, outputs)]
