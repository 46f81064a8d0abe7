"""L = A N^-alpha M^beta: M replicas that talk seldom cost a little loss, and as little at every size.

Section 5 [charles2025communication], trained on 20 tokens a parameter; M = 1 is one replica that still takes outer
steps. theta = (ln L at N0 and M = 1, ln alpha, beta).
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Input, Law, Parameter, Published, Scale
from solvers.laws.loss.chinchilla import PARAMS
from solvers.laws.loss.terms import columns, slopes

REPLICAS = Input("replicas", "Replicas M", absolute=True)
# Estimates, wide, around the published exponents.
PARAMETERS = (
    Parameter("loss of one replica", 0.0, 0.3, level=True),
    Parameter("size exponent", float(np.log(0.1)), 0.4),
    Parameter("replicas' exponent", 0.01, 0.02),
)


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 3]."""
    level, log_alpha, beta = columns(theta)
    u, replicas = x.T
    slope = -np.exp(log_alpha) * u
    total = level + slope + beta * replicas
    return total, slopes(1.0, slope, replicas, like=total)


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters A, alpha, beta."""
    level, log_alpha, beta = np.moveaxis(theta, -1, 0)
    alpha = np.exp(log_alpha)
    return {"A": np.exp(level + alpha * np.log(scale["params"])), "alpha": alpha, "beta": beta}


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of A, alpha, beta."""
    level = np.log(of["A"]) - of["alpha"] * np.log(scale["params"])
    return np.array([level, np.log(of["alpha"]), of["beta"]])


CAVEAT = (
    "It holds for about 20 tokens a parameter, one C4 text and 30 inner steps between outer ones. It has no floor: the "
    "paper's best form adds one and lets the exponent follow M (left-out residual 0.0025 instead of 0.0044), but "
    "prints no coefficients for it."
)

LAW = Law(
    name="diloco",
    title="DiLoCo",
    form="L = A N^-alpha M^beta",
    inputs=(PARAMS, REPLICAS),
    parameters=PARAMETERS,
    counts="total",
    loss_unit="nats/token",
    sources=("charles2025communication",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    valid={"params": (3.5e7, 1e10), "replicas": (1.0, 8.0)},
    published=(Published("joint fit", {"A": 19.226, "alpha": 0.0985, "beta": 0.0116}, "charles2025communication"),),
    caveats=(CAVEAT,),
)
