"""The big run itself: its parameters and tokens, given or found."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.laws.predict.mixture import Mixture
from solvers.laws.predict.optimum import Budget, Optimum, optimum
from solvers.scaling.forecast.best import Best, best
from solvers.scaling.forecast.known import Known
from solvers.scaling.target import Target

How = Literal["given", "compute_optimal", "with_serving", "cheapest_for_loss"]
# A compute is looked for between these factors of the largest run's, on so many points, then between two of them.
LEAST, MOST, TRIED, ROUNDS = 1e-6, 1e9, 61, 3


@dataclass(frozen=True, eq=False)
class Place:
    """Where the target is: N as the runs count it, D, how they came there, and the optimum where one was found.

    `budget` is FLOP in all, of training and serving, where the optimum is that of a budget.
    """

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


def given(target: Target, params: float, tokens: float) -> Place:
    """A size and length that are given."""
    return Place(params, tokens, "given", target.served_tokens or 0.0, target.unique_tokens)


def at_best(mix: Mixture, flops: float, target: Target, *, seed: int, how: How | None = None) -> Place:
    """The best split of a budget of FLOP in all."""
    served, unique = target.served_tokens or 0.0, target.unique_tokens
    found = optimum(mix, Budget(flops, served, unique), seed=seed)
    how = how or ("with_serving" if served else "compute_optimal")
    return Place(found.params.value, found.tokens.value, how, served, unique, found, flops)


def cheapest(known: Known, target: Target) -> float | None:
    """The least FLOP in all that reach the loss; None where none do, as far as the laws are asked."""
    served, wanted = target.served_tokens or 0.0, math.log(target.loss or math.inf)
    largest = float(known.runs.flops.max()) + 2.0 * served * float(known.runs.inputs["params"].min())
    low, high = math.log(largest * LEAST), math.log(largest * MOST)
    for _ in range(ROUNDS):
        budgets = np.exp(np.linspace(low, high, TRIED))
        reached = np.flatnonzero(best(known, budgets, served=served, unique=target.unique_tokens).log_loss <= wanted)
        if not len(reached):
            return None
        low, high = math.log(budgets[max(reached[0] - 1, 0)]), math.log(budgets[reached[0]])
    return math.exp(high)


def least(known: Known, target: Target) -> Best:
    """The place of the lowest loss that any compute reaches [1], as far as the laws are asked."""
    served, largest = target.served_tokens or 0.0, float(known.runs.flops.max())
    budgets = largest * np.exp(np.linspace(math.log(LEAST), math.log(MOST), TRIED))
    found = best(known, budgets, served=served, unique=target.unique_tokens)
    return Best(found.params[-1:], found.tokens[-1:], found.log_loss[-1:])
