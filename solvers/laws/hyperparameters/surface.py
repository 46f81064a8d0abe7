"""Loss over learning rate and batch at all sizes at once, fitted to all runs that did not diverge.

    ln loss of run i of group g = level_g + e(ln rate_i - x_g, ln batch_i - y_g) + noise               e: basin.py
    x_g = x0 + xN ln(N_g / N0) + xD ln(D_g / D0) + own_g, and so y_g;   own_g normal with the prior's `group`
    noise: Student's t of 4 degrees, scale (s^2 + (k e)^2)^1/2

Curvature and the law of the optimum are shared, so a few runs at each of several sizes say what a full grid at one
does. The scale grows with e: how far a run far up the wall misses the form says little of where the floor is. The most
probable parameters are found by weighted least squares with damping; s is estimated with the runs (EM).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.hyperparameters.basin import TERMS, slopes
from solvers.laws.hyperparameters.prior import STEP_LAW, Prior
from solvers.laws.hyperparameters.sweep import Flags, Groups, Sweep, best_of_groups, diverged, groups_of

Floats = NDArray[np.float64]

FREEDOM = 4.0
# s before it is measured (of the grids of [li2025predictable]), how many runs that is worth, and how far the form
# misses there as a share of e: s is what is left of the misses beside that.
NOISE, NOISE_RUNS, MISS = 1e-3, 10.0, 0.11
# k, larger than that so that the form is right where it matters: of 0.05, 0.11, 0.2, 0.3 and 0.5 the one whose optima
# lost least where parts of the 8 grids under 3e8 parameters predicted the others.
FOCUS = 0.5
SHARED = 6 + 5 * TERMS
TURNS, EM, DAMPED, CLOSE = 200, 20, 1e-3, 1e-4
# Runs that tell anything of an optimum: one more than a group's level, twice.
FEWEST = 3


@dataclass(frozen=True, eq=False)
class Surface:
    """The fitted surface.

    theta [21 + 3G]     optimum 6, shape 15, levels G, own x G, own y G (own ones in units of the prior's `group`)
    covariance          of theta
    diverged, weight    of the M runs given: kept out, and how far the others count (1 as much as expected)
    residual [M]        ln loss over the surface; not a number where a run diverged
    """

    sweep: Sweep
    groups: Groups
    prior: Prior
    params: float
    tokens: float
    theta: Floats
    covariance: Floats
    noise: float
    diverged: Flags
    weight: Floats
    residual: Floats
    converged: bool

    @property
    def shape(self) -> Floats:
        """The basin's shape [3, 5]."""
        return self.theta[6:SHARED].reshape(TERMS, 5)


@dataclass(frozen=True, eq=False)
class _Case:
    """The runs that count, ready for the solver: u, w [G] of the groups, prior centre and precision [P]."""

    x: Floats
    y: Floats
    loss: Floats
    group: NDArray[np.intp]
    u: Floats
    w: Floats
    own: float
    centre: Floats
    precision: Floats


def fitted(sweep: Sweep, *, prior: Prior = STEP_LAW) -> Surface:
    """The most probable surface and its covariance. BadRuns where too few runs trained."""
    groups = groups_of(sweep)
    bad = diverged(sweep, groups)
    if (~bad).sum() < FEWEST:
        message = f"{(~bad).sum()} of {len(sweep)} runs trained; a surface needs {FEWEST}."
        raise BadRuns(Problem("too_few_runs", message, "/runs", "Add runs at smaller learning rates."))
    params, tokens = float(np.exp(np.log(groups.params).mean())), float(np.exp(np.log(groups.tokens).mean()))
    case = _case(sweep.take(~bad), groups, groups.of_run[~bad], prior, (params, tokens))
    theta, noise, converged = _solved(case, _start(case, best_of_groups(sweep, groups)))
    miss, excess, jacobian = _linear(case, theta)
    weight = _weights(miss, excess, noise)
    curvature = _normal(case, jacobian, weight, variance_of(excess, noise))
    full = np.full((2, len(sweep)), np.nan)
    full[:, ~bad] = miss, weight
    told: Floats = np.where(bad, 0.0, full[1])
    covariance = np.linalg.inv(curvature).astype(np.float64)
    return Surface(sweep, groups, prior, params, tokens, theta, covariance, noise, bad, told, full[0], converged)


def _case(sweep: Sweep, groups: Groups, group: NDArray[np.intp], prior: Prior, middle: tuple[float, float]) -> _Case:
    count = len(groups)
    centre = np.concatenate([prior.centre(*middle), np.zeros(3 * count)])
    precision = np.concatenate([prior.width() ** -2.0, np.zeros(count), np.ones(2 * count)])
    # A group without a run that trained has no level to find.
    precision[SHARED : SHARED + count][np.bincount(group, minlength=count) == 0] = 1.0
    u, w = np.log(groups.params / middle[0]), np.log(groups.tokens / middle[1])
    x, y = np.log(sweep.learning_rate), np.log(sweep.batch_tokens)
    return _Case(x, y, np.log(sweep.loss), group, u, w, prior.group, centre, precision)


def _start(case: _Case, best: Floats) -> Floats:
    start = case.centre.copy()
    start[SHARED : SHARED + len(best)] = np.where(np.isfinite(best), np.log(best), 0.0)
    return start


def _linear(case: _Case, theta: Floats) -> tuple[Floats, Floats, Floats]:
    """Misses [M], excess [M] and slopes of ln loss by theta [M, P]."""
    count, group = len(case.u), case.group
    ones = np.ones(count)
    design = np.stack([ones, case.u, case.w], axis=1)
    level, own_x, own_y = theta[SHARED:].reshape(3, count)
    dx = case.x - (design @ theta[:3] + case.own * own_x)[group]
    dy = case.y - (design @ theta[3:6] + case.own * own_y)[group]
    excess, gradient, by_shape = slopes(theta[6:SHARED].reshape(TERMS, 5), dx, dy, case.u[group], case.w[group])
    member = (group[:, None] == np.arange(count)).astype(np.float64)
    by_x, by_y = -gradient[:, :1], -gradient[:, 1:]
    jacobian = np.concatenate(
        [by_x * design[group], by_y * design[group], by_shape, member, by_x * member * case.own,
         by_y * member * case.own], axis=1,
    )  # fmt: skip
    return case.loss - level[group] - excess, excess, jacobian


def variance_of(excess: Floats, noise: float) -> Floats:
    """Square of the scale of noise where a run loses `excess`."""
    return noise**2 + (FOCUS * excess) ** 2


def _weights(miss: Floats, excess: Floats, noise: float) -> Floats:
    found: Floats = (FREEDOM + 1.0) / (FREEDOM + miss**2 / variance_of(excess, noise))
    return found


def _normal(case: _Case, jacobian: Floats, weight: Floats, variance: Floats) -> Floats:
    found: Floats = (jacobian.T * (weight / variance)) @ jacobian + np.diag(case.precision)
    return found


def _solved(case: _Case, theta: Floats) -> tuple[Floats, float, bool]:
    """Theta, noise, and whether steps came to rest; each turn one damped step at the weights of where it stands."""
    level = theta[SHARED : SHARED + len(case.u)]
    miss, excess, jacobian = _linear(case, theta)
    noise, damping = NOISE, DAMPED
    # The start's walls are not where the runs' are: until they are, what a run lost stands for e.
    excess = np.maximum(excess, case.loss - level[case.group])
    for _ in range(TURNS):
        weight, variance = _weights(miss, excess, noise), variance_of(excess, noise)
        normal = _normal(case, jacobian, weight, variance)
        slope = jacobian.T @ (weight / variance * miss) - case.precision * (theta - case.centre)
        before = _objective(case, theta, miss, weight / variance)
        for _ in range(TURNS):
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), slope)
            after = _linear(case, theta + step)
            if _objective(case, theta + step, after[0], weight / variance) <= before:
                break
            damping *= 10.0
        theta, (miss, excess, jacobian), damping = theta + step, after, damping / 10.0
        noise = _noise(miss, excess, noise)
        if np.abs(step * np.sqrt(np.diag(normal))).max() < CLOSE:
            return theta, noise, True
    return theta, noise, False


def _objective(case: _Case, theta: Floats, miss: Floats, weight: Floats) -> float:
    return float((weight * miss**2).sum() + (case.precision * (theta - case.centre) ** 2).sum())


def _noise(miss: Floats, excess: Floats, noise: float) -> float:
    """The next s, EM: of a miss the share s^2 / (s^2 + (MISS e)^2) is noise; with the prior's runs."""
    for _ in range(EM):
        variance = noise**2 + (MISS * excess) ** 2
        share, weight = noise**2 / variance, (FREEDOM + 1.0) / (FREEDOM + miss**2 / variance)
        squares = share**2 * weight * miss**2 + noise**2 * (1.0 - share)
        noise = float(np.sqrt((NOISE_RUNS * NOISE**2 + squares.sum()) / (NOISE_RUNS + len(miss))))
    return noise
