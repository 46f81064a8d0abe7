"""What comes to workers of a closed loop, and the weighted steps that it was recorded to run."""

from dataclasses import dataclass

from solvers.cost.layouts import Floats
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.steps import Compositions


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
