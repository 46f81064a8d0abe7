"""How many parameters and tokens a budget of compute is best spent on, with how sure that is.

Training N parameters on D tokens takes 6 N D FLOP, serving T tokens of the model 2 N T [kaplan2020scaling]. With
    6 N D + 2 N T = C        D(N) = (C - 2 N T) / (6 N)
the best N minimises the loss of D(N) tokens, or of what they are worth where only U of them differ
(solvers/laws/predict/repeats.py).
"""

from dataclasses import dataclass

import numpy as np

from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN, Floats
from solvers.laws.predict.draws import drawn, log_losses
from solvers.laws.predict.interval import LEVEL
from solvers.laws.predict.mixture import Mixture, likely
from solvers.laws.predict.repeats import worth

# FLOP of serving for each parameter and token: the forward pass.
FLOPS_PER_SERVED_TOKEN = 2.0
# Sizes that are tried: this many, evenly in ln N, within this factor of 20 tokens a parameter.
TRIED, WITHIN, USUAL_RATIO = 401, 300.0, 20.0


@dataclass(frozen=True)
class Range:
    """A best value and the ends between which it lies with LEVEL."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best size and tokens, ln L along the budget [S], and whether the best is at the edge of what was tried."""

    params: Range
    tokens: Range
    sizes: Floats
    along: Floats
    log_loss: Floats
    at_edge: bool


@dataclass(frozen=True)
class Budget:
    """FLOP in all, tokens to serve over the model's life, and tokens that differ (none: as many as wanted)."""

    flops: float
    served: float = 0.0
    unique: float | None = None


def optimum(mix: Mixture, budget: Budget, *, seed: int = 0) -> Optimum:
    """The best split of the budget over the mixture, with the spread over its draws."""
    sizes, tokens = _along(budget)
    inputs = {"params": sizes, "tokens": worth(tokens, budget.unique, rate=mix.repeats.rate)}
    told = likely(mix, inputs)
    middle = int(np.argmin(told))
    place = {"params": sizes[middle : middle + 1], "tokens": inputs["tokens"][middle : middle + 1]}
    best = _lowest(log_losses(drawn(mix, at=place, seed=seed), inputs), np.log(sizes))
    value = float(_lowest(told[None], np.log(sizes))[0])
    ends = np.quantile(best, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    low, high = float(min(ends[0], value)), float(max(ends[1], value))
    params = Range(*(float(np.exp(one)) for one in (value, low, high)))
    spent = [_tokens(np.array([one]), budget)[0] for one in (params.value, params.high, params.low)]
    return Optimum(params, Range(*(float(one) for one in spent)), sizes, tokens, told, middle in (0, len(sizes) - 1))


def _along(budget: Budget) -> tuple[Floats, Floats]:
    """Sizes [S] that leave something to train on, and their tokens [S]."""
    usual = np.sqrt(budget.flops / (FLOPS_PER_PARAMETER_TOKEN * USUAL_RATIO))
    most = min(
        usual * WITHIN, 0.99 * budget.flops / (FLOPS_PER_SERVED_TOKEN * budget.served) if budget.served else np.inf
    )
    sizes = np.exp(np.linspace(np.log(min(usual, most) / WITHIN), np.log(most), TRIED))
    return sizes, _tokens(sizes, budget)


def _tokens(sizes: Floats, budget: Budget) -> Floats:
    found: Floats = (budget.flops - FLOPS_PER_SERVED_TOKEN * sizes * budget.served) / (
        FLOPS_PER_PARAMETER_TOKEN * sizes
    )
    return found


def _lowest(values: Floats, at: Floats) -> Floats:
    """Where each curve [S, Q] over evenly spaced `at` [Q] is lowest [S], by the parabola through the three lowest."""
    places = np.clip(np.argmin(values, axis=1), 1, len(at) - 2)
    rows = np.arange(len(values))
    left, here, right = values[rows, places - 1], values[rows, places], values[rows, places + 1]
    bend = left - 2.0 * here + right
    shift = np.where(bend > 0, 0.5 * (left - right) / np.where(bend > 0, bend, 1.0), 0.0)
    found: Floats = at[places] + np.clip(shift, -1.0, 1.0) * (at[1] - at[0])
    return found
