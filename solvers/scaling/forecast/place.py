"""The big run itself: its parameters and tokens, given or found."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.laws.predict.optimum import Budget, Optimum, optimum
from solvers.scaling.forecast.best import best
from solvers.scaling.forecast.known import Known
from solvers.scaling.target import Target

How = Literal["given", "compute_optimal", "with_serving", "cheapest_for_loss"]
# A compute is looked for between these factors of the largest run's, on so many points, then between two of them.
LEAST, MOST, TRIED, ROUNDS = 1e-6, 1e9, 61, 3


@dataclass(frozen=True, eq=False)
class Place:
    """Where the target is: N, D, how it came there, and the optimum that was found, where one was."""

    params: float
    tokens: float
    how: How
    served: float
    unique: float | None
    found: Optimum | None = None
    budget: float = 0.0

    @property
    def flops(self) -> float:
        """Compute of training."""
        return FLOPS_PER_PARAMETER_TOKEN * self.params * self.tokens

    @property
    def epochs(self) -> float:
        """How often each token is seen."""
        return 1.0 if self.unique is None else max(1.0, self.tokens / self.unique)


def place_of(known: Known, target: Target, *, seed: int) -> Place | None:
    """The big run; None where no compute reaches the loss that is asked for."""
    served, unique = target.served_tokens or 0.0, target.unique_tokens
    if target.params is not None and target.tokens is not None:
        return Place(target.params, target.tokens, "given", served, unique)
    if target.flops is not None:
        return at_best(known, target.flops, served=served, unique=unique, seed=seed)
    if target.loss is None:
        return None
    budget = cheapest(known, target.loss, served=served, unique=unique)
    return (
        None
        if budget is None
        else at_best(known, budget, served=served, unique=unique, seed=seed, how="cheapest_for_loss")
    )


def at_best(
    known: Known, flops: float, *, served: float, unique: float | None, seed: int, how: How | None = None
) -> Place:
    """The best split of a budget of FLOP in all."""
    found = optimum(known.mix, Budget(flops, served, unique), seed=seed)
    how = how or ("with_serving" if served else "compute_optimal")
    return Place(found.params.value, found.tokens.value, how, served, unique, found, flops)


def cheapest(known: Known, loss: float, *, served: float, unique: float | None) -> float | None:
    """The least FLOP in all that reach a loss; None where none does, as far as the laws are asked."""
    largest = float(known.runs.flops.max()) + 2.0 * served * float(known.runs.inputs["params"].min())
    low, high, wanted = math.log(largest * LEAST), math.log(largest * MOST), math.log(loss)
    for _ in range(ROUNDS):
        budgets = np.exp(np.linspace(low, high, TRIED))
        reached = np.flatnonzero(best(known, budgets, served=served, unique=unique).log_loss <= wanted)
        if not len(reached):
            return None
        low, high = math.log(budgets[max(reached[0] - 1, 0)]), math.log(budgets[reached[0]])
    return math.exp(high)
