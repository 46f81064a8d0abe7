"""L = E + (a M^eta + b M^-eta) C^-eta with M = D / N, C = 6 N D: training far beyond the optimum only shifts the law.

Equation 4 [gadre2024language]. In N and D it is Chinchilla's law with one exponent, 2 eta: A = a 6^-eta, B = b 6^-eta.
theta = (ln E, ln A', ln B', ln 2 eta) with A' = A / N0^(2 eta) and B' = B / D0^(2 eta).
"""

import numpy as np

from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN, Coefficients, Floats, Law, Scale
from solvers.laws.loss import chinchilla

SIX = float(np.log(FLOPS_PER_PARAMETER_TOKEN))


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 4]."""
    total, slopes = chinchilla.log_loss(theta[:, [0, 1, 2, 3, 3]], x)
    slopes[..., 3] += slopes[..., 4]
    return total, slopes[..., :4]


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters E, a, b, eta."""
    found = chinchilla.natural(theta[..., [0, 1, 2, 3, 3]], scale)
    eta = found["alpha"] / 2.0
    return {"E": found["E"], "a": found["A"] * np.exp(eta * SIX), "b": found["B"] * np.exp(eta * SIX), "eta": eta}


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of E, a, b, eta."""
    six, both = np.exp(-of["eta"] * SIX), 2.0 * of["eta"]
    same = {"E": of["E"], "A": of["a"] * six, "B": of["b"] * six, "alpha": both, "beta": both}
    return chinchilla.from_natural(same, scale)[:4]


CAVEAT = (
    "No coefficients stand here: those that are quoted for C4 (E 1.84, a 141, b 190, eta 0.121) are 9 % above the "
    "paper's own runs where N counts all parameters and 13 % where it counts those without embeddings."
)

LAW = Law(
    name="over-training",
    title="Over-training",
    form="L = E + (a M^eta + b M^-eta) C^-eta, M = D / N, C = 6 N D",
    inputs=(chinchilla.PARAMS, chinchilla.TOKENS),
    parameters=chinchilla.PARAMETERS[:4],
    counts="total",
    loss_unit="nats/token",
    sources=("gadre2024language",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    linear=(0, 1, 2),
    valid={"params": (1.1e7, 6.9e9), "tokens": (5e7, 9e11)},
    caveats=(CAVEAT,),
)
