"""Where descents start: drawn around the prior, with every amplitude that enters linearly put where it fits best.

Variable projection: where L = g_0 + sum_k e^(theta_k) g_k of the other theta, the amplitudes of a draw are the
non-negative weighted least squares of L / loss on 1 [golub1973differentiation]; the shapes come from the slopes,
g_k = dL / d theta_k e^-theta_k.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from solvers.laws.law import Law, Prior

Floats = NDArray[np.float64]

# Draws for each start that is kept, and by how many widths of the prior they scatter.
DRAWS, SCATTER = 8, 1.0
# An amplitude of zero has no logarithm: this share of the loss stands for it.
NOTHING = 1e-4


def starts(
    law: Law, x: Floats, loss: Floats, *, count: int, prior: Prior, width: Floats, weights: Floats, seed: int
) -> Floats:
    """`count` parameter vectors [S, P]: the prior's centre, and the best of many draws around it."""
    rng = np.random.default_rng(seed)
    drawn = prior.centre + SCATTER * width * rng.standard_normal((DRAWS * count, law.size))
    drawn[0] = prior.centre
    drawn = projected(law, drawn, x, loss, weights=weights)
    residuals = law.log_loss(drawn, x)[0] - np.log(loss)
    score = np.nan_to_num((weights * np.abs(residuals)).sum(axis=-1), nan=np.inf)
    return drawn[np.argsort(score, kind="stable")[:count]]


def projected(law: Law, theta: Floats, x: Floats, loss: Floats, *, weights: Floats) -> Floats:
    """Theta [S, P] with the law's linear amplitudes replaced by the best ones for the rest of it."""
    if not law.linear:
        return theta
    places = list(law.linear)
    log_loss, slopes = law.log_loss(theta, x)
    parts = slopes[..., places] * (np.exp(log_loss) / loss)[..., None]
    shapes = parts * np.exp(-theta[:, None, places])
    rest = np.exp(log_loss) / loss - parts.sum(axis=-1)
    root = np.sqrt(weights)
    amplitudes = _non_negative(shapes * root[:, None], (1.0 - rest) * root)
    least = NOTHING / np.maximum(shapes.mean(axis=1), 1e-300)
    found = theta.copy()
    found[:, places] = np.log(np.maximum(amplitudes, least))
    return found


def _non_negative(columns: Floats, target: Floats) -> Floats:
    """Non-negative least squares [S, K] of columns [S, M, K] on targets [S, M]: the best of all sets of columns."""
    count, _, size = columns.shape
    gram = np.swapaxes(columns, 1, 2) @ columns
    right = np.einsum("smk,sm->sk", columns, target)
    best, best_gain = np.zeros((count, size)), np.full(count, -np.inf)
    for number in range(1, size + 1):
        for chosen in combinations(range(size), number):
            keep = list(chosen)
            part = gram[:, keep][:, :, keep]
            ridge = 1e-12 * np.einsum("skk->s", part)[:, None, None] * np.eye(number)
            solved = np.linalg.solve(part + ridge, right[:, keep, None])[..., 0]
            gain = np.where((solved >= 0.0).all(axis=1), (solved * right[:, keep]).sum(axis=1), -np.inf)
            better = gain > best_gain
            best_gain = np.where(better, gain, best_gain)
            whole = np.zeros((count, size))
            whole[:, keep] = solved
            best = np.where(better[:, None], whole, best)
    return best
