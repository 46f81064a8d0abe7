"""What a choice loses on a grid of single runs, with their noise smoothed away, and what that noise does to scores.

The run nearest to a choice and the best of a hundred runs are both single runs: the score that they give a perfect
choice is about 0.07 %, and differs by half of that from grid to grid. So choices are compared twice more:

    interpolated    ln loss about the choice by a local quadratic in (ln learning rate, ln batch), over its least value
    perfect         the nearest-run score of the true optimum, where the truth is the grid's own fit and its residuals

The local quadratic knows nothing of the basin that the surface supposes.
"""

import numpy as np
from numpy.typing import NDArray

from solvers.laws.hyperparameters.basin import excess
from solvers.laws.hyperparameters.prior import Prior
from solvers.laws.hyperparameters.surface import Surface, fitted
from solvers.laws.hyperparameters.sweep import Sweep, groups_of
from solvers.laws.hyperparameters.target import from_best, target
from tests.solvers.laws.hyperparameters.protocol import FREE, Predict, Score

Floats = NDArray[np.float64]

# Standard deviation of a run's weight with its distance in ln (the grids of [li2025predictable] step by 0.35 to 0.7),
# loss over the best beyond which a run is up a wall, and what keeps slopes finite where few runs are near (estimates).
BANDWIDTH, WALL, RIDGE = 0.55, 0.06, 1e-3
# The least smoothed loss is searched this far about a start, in steps.
REACH, STEP = 0.8, 0.1
# Residuals of runs that lose less than this are the noise where it matters.
FLOOR = 0.01


def smoothed(sweep: Sweep, *, learning_rate: float, batch_tokens: float) -> float:
    """Smoothed ln loss of one size at a choice."""
    near = np.isfinite(sweep.loss) & (sweep.loss < (1.0 + WALL) * float(np.nanmin(sweep.loss)))
    dx, dy = np.log(sweep.learning_rate[near] / learning_rate), np.log(sweep.batch_tokens[near] / batch_tokens)
    design = np.stack([np.ones(len(dx)), dx, dy, dx * dx, dx * dy, dy * dy], axis=1)
    weight = np.exp(-(dx**2 + dy**2) / (4.0 * BANDWIDTH**2))[:, None]
    ridge = RIDGE * np.diag([0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    values = np.concatenate([weight[:, 0] * np.log(sweep.loss[near]), np.zeros(6)])
    return float(np.linalg.lstsq(np.concatenate([weight * design, ridge]), values, rcond=None)[0][0])


def least_smoothed(sweep: Sweep, *, learning_rate: float, batch_tokens: float) -> tuple[float, float, float]:
    """The least smoothed ln loss of one size about a start, and the learning rate and batch where it is."""
    steps = np.exp(np.arange(-REACH, REACH + STEP / 2, STEP))
    places = [(float(learning_rate * a), float(batch_tokens * b)) for a in steps for b in steps]
    return min((smoothed(sweep, learning_rate=rate, batch_tokens=batch), rate, batch) for rate, batch in places)


def interpolated(sweep: Sweep, predict: Predict) -> Score:
    """The interpolated score of predictions at each size of a sweep."""
    groups, own = groups_of(sweep), fitted(sweep, prior=Prior(group=FREE))
    found = np.empty(len(groups))
    for place, (params, tokens) in enumerate(zip(groups.params, groups.tokens, strict=True)):
        part = sweep.take(groups.of_run == place)
        start = np.exp(target(own, params=float(params), tokens=float(tokens)).mean[:2])
        least = least_smoothed(part, learning_rate=float(start[0]), batch_tokens=float(start[1]))[0]
        rate, batch = predict(float(params), float(tokens))
        found[place] = np.expm1(smoothed(part, learning_rate=rate, batch_tokens=batch) - least)
    return Score(groups.params, groups.tokens, found)


def perfect(sweep: Sweep, *, draws: int = 200, seed: int = 0) -> Floats:
    """Nearest-run scores, means over sizes [draws], of the true optimum when the grids are made again."""
    own, rng = fitted(sweep, prior=Prior(group=FREE)), np.random.default_rng(seed)
    far = from_best(own)
    lost = _excess(own, far)
    noise = own.residual[np.isfinite(own.residual) & (lost < FLOOR)]
    made = np.exp(lost + rng.choice(noise, size=(draws, len(lost))))
    made[:, own.diverged] = np.inf
    scores = []
    for place in range(len(own.groups)):
        member = np.flatnonzero(own.groups.of_run == place)
        nearest = member[int((far[member] ** 2).sum(axis=1).argmin())]
        scores.append(made[:, nearest] / made[:, member].min(axis=1) - 1.0)
    return np.asarray(np.mean(scores, axis=0))


def _excess(surface: Surface, far: Floats) -> Floats:
    u = np.log(surface.sweep.params / surface.params)
    w = np.log(surface.sweep.tokens / surface.tokens)
    return excess(surface.shape, far[:, 0], far[:, 1], u, w)
