"""L = E + (A / (N (k ln P + 1)))^alpha: P parallel streams through one model are worth a model k ln P larger.

Equation 5 [chen2025parallel], N without embeddings.
theta = (ln E, ln G', ln alpha, ln k) with G' = (A / N0)^alpha.
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Input, Law, Parameter, Published, Scale
from solvers.laws.loss.chinchilla import PARAMS
from solvers.laws.loss.terms import columns, slopes

STREAMS = Input("streams", "Parallel streams P", absolute=True)
# Estimates, wide, around the values for two texts.
PARAMETERS = (
    Parameter("floor", float(np.log(0.65)), 0.5, level=True),
    Parameter("size", float(np.log(0.35)), 0.8, level=True),
    Parameter("size exponent", float(np.log(0.2)), 0.5),
    Parameter("streams' worth", float(np.log(0.36)), 0.5),
)
# ln of the streams' worth beyond which nothing is known: numbers stay finite.
WORTH = 50.0


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 4]."""
    total, found = by_size(np.pad(theta, ((0, 0), (0, 1))), x)
    return total, found[..., :4]


def by_size(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The same with a fifth parameter tau: k (N / N0)^tau in the place of k. [S, M] and [S, M, 5]."""
    floor, size, log_alpha, log_k, tau = columns(theta)
    u, streams = x.T
    alpha, more = np.exp(log_alpha), np.exp(np.clip(log_k + tau * u, -WORTH, WORTH)) * streams
    params = u + np.log1p(more)
    of_floor, of_size = np.exp(floor), np.exp(size - alpha * params)
    total = of_floor + of_size
    of_size = of_size / total
    by_k = -of_size * alpha * more / (1.0 + more)
    parts = of_floor / total, of_size, -of_size * alpha * params, by_k, by_k * u
    return np.log(total), slopes(*parts, like=total)


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters E, A (in parameters), alpha, k."""
    floor, size, log_alpha, log_k = np.moveaxis(theta, -1, 0)
    alpha = np.exp(log_alpha)
    return {
        "E": np.exp(floor),
        "A": np.exp(size / alpha) * scale["params"],
        "alpha": alpha,
        "k": np.exp(log_k),
    }


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of E, A, alpha, k."""
    size = of["alpha"] * np.log(of["A"] / scale["params"])
    return np.array([np.log(of["E"]), size, np.log(of["alpha"]), np.log(of["k"])])


STACK = {"E": 0.6912, "A": 1.131e7, "alpha": 0.1894, "k": 0.3935}
PILE = {"E": 1.2888, "A": 1.974e8, "alpha": 0.1963, "k": 0.3345}
CAVEAT = "The law is of one length of training (42 billion tokens) and of at most 8 streams."

LAW = Law(
    name="parscale",
    title="Parallel streams",
    form="L = E + (A / (N (k ln P + 1)))^alpha",
    inputs=(PARAMS, STREAMS),
    parameters=PARAMETERS,
    counts="non-embedding",
    loss_unit="nats/token",
    sources=("chen2025parallel",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    linear=(0, 1),
    valid={"params": (5e8, 4.4e9), "streams": (1.0, 8.0)},
    published=(
        Published("code (The Stack)", STACK, "chen2025parallel"),
        Published("text (The Pile)", PILE, "chen2025parallel"),
    ),
    caveats=(CAVEAT,),
)
