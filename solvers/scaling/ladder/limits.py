"""What the runs of a ladder stay within: the target's size and compute, its data, and what can tell anything of it."""

from dataclasses import dataclass, replace

import numpy as np

from solvers.laws.design.candidates import Target
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN, Runs

# Tokens for each parameter that are tried: published ladders have from about 5 to 300 [hoffmann2022chinchilla]
# [li2025farseer]; the target's own ratio besides.
SHORTEST, LONGEST = 5.0, 320.0
# A run of less than a millionth of the target's compute says nothing of it (estimate; the farthest published forecast
# that held reached from 3e18 to 1e23 FLOP).
LEAST = 1e-6
# The smallest model that is trained.
SMALLEST = 1e6


@dataclass(frozen=True)
class Limits:
    """What runs stay within: the target's largest N, D and compute, its ratio of tokens to parameters, and data.

    least_params and least_flops   of the runs that are known: laws are not asked to look below those
    """

    params: float
    tokens: float
    flops: float
    ratio: float
    unique: float | None = None
    least_params: float = SMALLEST
    least_flops: float = 0.0


def limits(target: Target, unique: float | None = None, known: Runs | None = None) -> Limits:
    """Of a target, the largest of its places, and of known runs."""
    params, tokens = target.inputs["params"], target.inputs["tokens"]
    flops = FLOPS_PER_PARAMETER_TOKEN * params * tokens
    found = Limits(float(params.max()), float(tokens.max()), float(flops.max()), float(tokens[0] / params[0]), unique)
    if known is None:
        return found
    return replace(found, least_params=float(known.inputs["params"].min()), least_flops=float(known.flops.min()))


def flops_of_run(params: float, tokens: float) -> float:
    """6 N D."""
    return FLOPS_PER_PARAMETER_TOKEN * params * tokens


def ratios(within: Limits) -> tuple[float, float]:
    """The fewest and the most tokens for each parameter."""
    return min(SHORTEST, within.ratio), max(LONGEST, within.ratio)


def smallest(within: Limits) -> float:
    """N of the smallest model of which a run tells something of the target."""
    flops = max(LEAST * within.flops, within.least_flops)
    return float(max(within.least_params, (flops / flops_of_run(1.0, ratios(within)[1])) ** 0.5))


def largest(within: Limits, flops: float) -> float:
    """N of the largest model of which so many FLOP pay the shortest run; at most the target's."""
    return float(min(within.params, (flops / flops_of_run(1.0, ratios(within)[0])) ** 0.5))


def allowed(params: float, tokens: float, within: Limits) -> bool:
    """Whether a run is smaller than the target, tells something of it, and repeats no data."""
    flops = flops_of_run(params, tokens)
    tells = flops >= max(LEAST * within.flops, within.least_flops)
    return bool(tells and tokens <= min(within.tokens, within.unique or np.inf) and flops < (1.0 - 1e-9) * within.flops)
