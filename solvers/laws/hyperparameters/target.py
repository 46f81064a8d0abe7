"""The surface at one size: best learning rate and batch with intervals, the flat region, and what a choice loses.

What is not known of the optimum (x, y) and of the shape at a size N, D is a normal distribution: the fit's covariance
carried there, what the form itself is off, and for a size without runs the spread of groups about the law. Draws of it
come in pairs of opposite sign. The choice is where the expected excess loss is least, which unequal walls move from the
most probable optimum to the flatter side.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from solvers.base import Estimate
from solvers.errors import Problem, SpecError
from solvers.laws.hyperparameters.basin import TERMS, excess, gradient
from solvers.laws.hyperparameters.surface import SHARED, Surface
from solvers.units import COUNT, show

Floats = NDArray[np.float64]

# Level of all intervals here, pairs of draws, and their seed.
LEVEL, PAIRS, SEED = 0.9, 128, 0
# The flat region: excess loss (0.1 %), points on its edge, how far in ln it may reach, and halvings on each ray.
FLAT, EDGE, REACH, HALVINGS = 1e-3, 72, 8.0, 40
# Newton's steps at most, and the step in ln at which they have come to rest.
NEWTON, CLOSE = 30, 1e-9
# Standard deviation, in ln, of the best of the form from that of the runs smoothed without it (interpolated.py), beyond
# the noise of both: on sizes of the grids of [li2025predictable] that were left out, 0.08 to 0.15.
MISSHAPEN = 0.1
# In ln loss: what is lost where nothing is learned is less than this (a vocabulary of 2^20 over a loss of 1).
MOST = 3.0


@dataclass(frozen=True, eq=False)
class Target:
    """The surface at N and D: mean [17] of (x, y, shape), its covariance, and draws of it [S, 17]."""

    params: float
    tokens: float
    u: float
    w: float
    mean: Floats
    covariance: Floats
    draws: Floats
    warnings: tuple[str, ...]

    @property
    def shape(self) -> Floats:
        """The most probable shape [3, 5]."""
        return self.mean[2:].reshape(TERMS, 5)


@dataclass(frozen=True)
class Choice:
    """The values to train with, their intervals, and what they are expected to lose, in shares of the loss."""

    learning_rate: Estimate
    batch_tokens: Estimate
    excess: Estimate


@dataclass(frozen=True, eq=False)
class Flat:
    """The edge of the region within an excess loss: learning rates and batches [K], once around."""

    excess: float
    learning_rate: Floats
    batch_tokens: Floats


def rows(surface: Surface, params: float, tokens: float) -> Floats:
    """What (x, y, shape) at a size are of theta: [17, P]. A group's own optimum is part of its size's."""
    count = len(surface.groups)
    found = np.zeros((2 + SHARED - 6, SHARED + 3 * count))
    law = 1.0, np.log(params / surface.params), np.log(tokens / surface.tokens)
    found[0, :3] = found[1, 3:6] = law
    found[2:, 6:SHARED] = np.eye(SHARED - 6)
    place = surface.groups.place(params, tokens)
    if place is not None:
        found[0, SHARED + count + place] = found[1, SHARED + 2 * count + place] = surface.prior.group
    return found


def from_best(surface: Surface) -> Floats:
    """Runs' ln learning rate and ln batch from the best of their own sizes [M, 2]."""
    sizes = zip(surface.groups.params, surface.groups.tokens, strict=True)
    best = np.array([(rows(surface, float(params), float(tokens)) @ surface.theta)[:2] for params, tokens in sizes])
    runs = np.log(np.stack([surface.sweep.learning_rate, surface.sweep.batch_tokens], axis=1))
    found: Floats = runs - best[surface.groups.of_run]
    return found


def target(surface: Surface, *, params: float, tokens: float) -> Target:
    """The surface at a size, with a warning where that is beyond the runs."""
    if not (0.0 < params < np.inf and 0.0 < tokens < np.inf):
        message = f"A target has positive parameters and tokens, not {params:g} and {tokens:g}."
        raise SpecError(Problem("out_of_range", message, "/target", "Give both as plain numbers."))
    carried = rows(surface, params, tokens)
    covariance = carried @ surface.covariance @ carried.T
    if surface.groups.place(params, tokens) is None:
        covariance[:2, :2] += np.eye(2) * surface.prior.group**2
    covariance[:2, :2] += np.eye(2) * MISSHAPEN**2
    mean = carried @ surface.theta
    u, w = float(np.log(params / surface.params)), float(np.log(tokens / surface.tokens))
    return with_draws(params, tokens, (u, w), mean, covariance, _warnings(surface, params, tokens))


def with_draws(
    params: float, tokens: float, place: tuple[float, float], mean: Floats, covariance: Floats, said: tuple[str, ...]
) -> Target:
    """A target at `place` (u, w) whose optimum and shape are normal with this mean and covariance."""
    values, vectors = np.linalg.eigh(covariance)
    normal = np.random.default_rng(SEED).standard_normal((PAIRS, len(mean)))
    moved = (normal * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return Target(params, tokens, *place, mean, covariance, mean + np.concatenate([moved, -moved]), said)


# A tenfold step beyond the runs' own range is said aloud (estimate).
FAR = 10.0


def _warnings(surface: Surface, params: float, tokens: float) -> tuple[str, ...]:
    said = []
    for name, value, seen in (("parameters", params, surface.groups.params), ("tokens", tokens, surface.groups.tokens)):
        low, high = float(seen.min()), float(seen.max())
        if not low / FAR <= value <= high * FAR:
            ends = f"{show(low, COUNT)} to {show(high, COUNT)} {name}"
            said.append(f"The runs have {ends}; {show(value, COUNT)} is more than ten times beyond.")
    if surface.sweep.counts != surface.prior.counts:
        said.append(f"N counts {surface.sweep.counts} parameters; the rule it starts from, {surface.prior.counts}.")
    if not surface.converged:
        said.append("The fit did not come to rest: its optimum and intervals are rough.")
    return tuple(said)


def _drawn(at: Target, x: float, y: float) -> Floats:
    """Excess loss (ratio minus 1) at ln rate x and ln batch y under each draw [S]."""
    count = len(at.draws)
    shape = at.draws[:, 2:].reshape(count, TERMS, 5)
    far = excess(shape, x - at.draws[:, 0], y - at.draws[:, 1], np.full(count, at.u), np.full(count, at.w))
    found: Floats = np.expm1(np.minimum(far, MOST))
    return found


def loses(at: Target, *, learning_rate: float, batch_tokens: float) -> Estimate:
    """Excess loss of a choice over the best at this size, as a share of the loss: mean and interval."""
    drawn = _drawn(at, float(np.log(learning_rate)), float(np.log(batch_tokens)))
    low, high = np.quantile(drawn, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Estimate(float(drawn.mean()), float(low), float(high))


def choice(at: Target) -> Choice:
    """The learning rate and batch of least expected excess loss."""
    x, y = _least(at)
    half = float(ndtri((1.0 + LEVEL) / 2.0)) * np.sqrt(np.diag(at.covariance)[:2])
    rate, batch = (_around(best, middle, width) for best, middle, width in zip((x, y), at.mean[:2], half, strict=True))
    return Choice(rate, batch, loses(at, learning_rate=rate.value, batch_tokens=batch.value))


def _around(best: float, middle: float, half: float) -> Estimate:
    low, high = float(np.exp(middle - half)), float(np.exp(middle + half))
    value = float(np.exp(best))
    return Estimate(value, min(low, value), max(high, value))


def _least(at: Target) -> tuple[float, float]:
    """Newton's steps down the mean of the draws' basins, which is convex as each of them is."""
    count = len(at.draws)
    shape, u, w = at.draws[:, 2:].reshape(count, TERMS, 5), np.full(count, at.u), np.full(count, at.w)
    place = at.mean[:2].copy()
    for _ in range(NEWTON):
        slope, bend = gradient(shape, place[0] - at.draws[:, 0], place[1] - at.draws[:, 1], u, w)
        step = np.linalg.solve(bend.mean(axis=0), slope.mean(axis=0))
        place = place - np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < CLOSE:
            break
    return float(place[0]), float(place[1])


def flat(at: Target, *, within: float = FLAT) -> Flat:
    """The edge of the region that loses at most `within` on the most probable surface, by halving on rays."""
    angle = np.linspace(0.0, 2.0 * np.pi, EDGE, endpoint=False)
    ray = np.stack([np.cos(angle), np.sin(angle)])
    low, high = np.zeros(EDGE), np.full(EDGE, REACH)
    u, w = np.full(EDGE, at.u), np.full(EDGE, at.w)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        outside = excess(at.shape, ray[0] * middle, ray[1] * middle, u, w) > np.log1p(within)
        low, high = np.where(outside, low, middle), np.where(outside, middle, high)
    edge = at.mean[:2, None] + ray * low
    return Flat(within, np.exp(edge[0]), np.exp(edge[1]))
