"""What repeated tokens are worth, D' = U + U R* (1 - exp(-(D / U - 1) / R*)) for D > U: R* of others' runs or your own.

Equation 5 [muennighoff2023scaling], whose R* is 15.4 epochs: the centre of what is believed before any run.
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.laws.kinds import REPETITION
from solvers.laws.law import Floats, Runs
from solvers.laws.loss import data_constrained


@dataclass(frozen=True)
class Repeats:
    """R*, the sd of its ln, and how many runs that saw tokens again told it (0: none, it is as published)."""

    rate: float
    width: float
    runs: int = 0


PUBLISHED = Repeats(data_constrained.PRINTED["R_D"], REPETITION.parameters[0].width)


def worth(tokens: Floats, unique: Floats | float | None, *, rate: float = PUBLISHED.rate) -> Floats:
    """Tokens that differ and are worth as much as these, of which no more than `unique` differ; `rate` is R*."""
    if unique is None:
        return tokens
    repeats = np.maximum(tokens / unique - 1.0, 0.0)
    found: Floats = np.minimum(tokens, unique) * np.exp(data_constrained.worth(repeats, np.array(rate))[0])
    return found


def effective(runs: Runs, *, rate: float = PUBLISHED.rate) -> Runs:
    """The runs with tokens that differ and are worth as much as theirs."""
    if "unique_tokens" not in runs.inputs:
        return runs
    inputs = {name: values for name, values in runs.inputs.items() if name != "unique_tokens"}
    tokens = worth(runs.inputs["tokens"], runs.inputs["unique_tokens"], rate=rate)
    return replace(runs, inputs={**inputs, "tokens": tokens})
