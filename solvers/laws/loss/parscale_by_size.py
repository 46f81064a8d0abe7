"""L = E + (A / (N (k (N / 1e9)^tau ln P + 1)))^alpha: ParScale's law, with streams worth more in larger models.

Ours, from what the paper's form leaves unexplained on its runs: with 1 and 2 streams of both texts it is too low for 4
streams in small models and too high in large ones, and tau is 0.2 on each of them.
theta = (ln E, ln G', ln alpha, ln k0, tau) with G' = (A / N0)^alpha and k0 = k (N0 / 1e9)^tau.
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Law, Parameter, Scale
from solvers.laws.loss import parscale

BILLION = 1e9
# tau from each of the two texts alone is 0.2.
PARAMETERS = (*parscale.PARAMETERS, Parameter("streams' worth by size", 0.2, 0.15))


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters E, A (in parameters), alpha, k (of a billion parameters), tau."""
    found, tau = parscale.natural(theta[..., :4], scale), theta[..., 4]
    return {**found, "k": found["k"] * (BILLION / scale["params"]) ** tau, "tau": tau}


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of E, A, alpha, k, tau."""
    middle = of["k"] * (scale["params"] / BILLION) ** of["tau"]
    return np.append(parscale.from_natural({**of, "k": middle}, scale), of["tau"])


LAW = Law(
    name="parscale-by-size",
    title="Parallel streams, by size",
    form="L = E + (A / (N (k (N / 1e9)^tau ln P + 1)))^alpha",
    inputs=parscale.LAW.inputs,
    parameters=PARAMETERS,
    counts="non-embedding",
    loss_unit="nats/token",
    sources=("chen2025parallel",),
    log_loss=parscale.by_size,
    natural=natural,
    from_natural=from_natural,
    linear=(0, 1),
    valid=parscale.LAW.valid,
    caveats=(parscale.CAVEAT, "No paper prints this form; it is ours, and two texts are what speaks for it."),
)
