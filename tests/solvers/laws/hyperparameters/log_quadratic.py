"""The baseline of the surface: one parabola for ln loss in ln learning rate and ln batch, its middle a power law.

    ln loss = level of the size + b'z + z'Az/2 + terms of z with ln N and ln D,   z = (ln learning rate, ln batch)

Least squares over the runs within a window above the best of their size; the window is the one that does best where
each size is left out in turn.
"""

import numpy as np

from solvers.laws.hyperparameters.sweep import Sweep, best_of_groups, groups_of
from tests.solvers.laws.hyperparameters.protocol import Predict, nearest_excess

WINDOWS = (0.01, 0.02, 0.04, 0.08)
# The middles that keep the columns apart in size.
RATE, BATCH = 1e-3, 4e5


def log_quadratic(sweep: Sweep) -> Predict:
    """The parabola of the window that loses least on sizes left out."""
    return parabola(sweep, window=min(WINDOWS, key=lambda window: _left_out(sweep, window)))


def _left_out(sweep: Sweep, window: float) -> float:
    groups = groups_of(sweep)
    lost = []
    for place in range(len(groups)):
        rate, batch = parabola(sweep.take(groups.of_run != place), window=window)(
            float(groups.params[place]), float(groups.tokens[place])
        )
        lost.append(nearest_excess(sweep.take(groups.of_run == place), learning_rate=rate, batch_tokens=batch))
    return float(np.mean(lost))


def parabola(sweep: Sweep, *, window: float) -> Predict:
    """The middle of the parabola at a size, as a function of N and D."""
    groups = groups_of(sweep)
    kept = np.isfinite(sweep.loss) & (sweep.loss <= (1.0 + window) * best_of_groups(sweep, groups)[groups.of_run])
    runs, group = sweep.take(kept), groups.of_run[kept]
    middle = np.log(groups.params).mean(), np.log(groups.tokens).mean()
    x, y = np.log(runs.learning_rate / RATE), np.log(runs.batch_tokens / BATCH)
    u, w = np.log(runs.params) - middle[0], np.log(runs.tokens) - middle[1]
    terms = np.stack([x, y, x * x / 2, x * y, y * y / 2, x * u, x * w, y * u, y * w], axis=1)
    design = np.concatenate([np.eye(len(groups))[group], terms], axis=1)
    found = np.linalg.lstsq(design, np.log(runs.loss), rcond=None)[0][len(groups) :]
    bend = np.array([[found[2], found[3]], [found[3], found[4]]])

    def predict(params: float, tokens: float) -> tuple[float, float]:
        at_u, at_w = np.log(params) - middle[0], np.log(tokens) - middle[1]
        slope = found[:2] + found[[5, 7]] * at_u + found[[6, 8]] * at_w
        place = -np.linalg.solve(bend, slope)
        return float(RATE * np.exp(place[0])), float(BATCH * np.exp(place[1]))

    return predict
