"""log10 L = a log10 N + b log10 E' + c log10 N log10 E' + d: experts help, less so in larger models and ever less.

Equations 1 and 2 [clark2022unified], with N the dense model's parameters and E experts in each routed layer:
1 / E' = 1 / (E - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max
theta = (ln L at N0 and E' = 1, a, b + c log10 N0, c / ln 10, ln q, ln E_max) with q = 1 / (1 / E_start - 1 / E_max).
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Input, Law, Parameter, Published, Scale
from solvers.laws.loss.chinchilla import PARAMS
from solvers.laws.loss.terms import columns, slopes

EXPERTS = Input("experts", "Experts E", absolute=True)
TEN = float(np.log(10.0))
# Around the three ways of routing of the paper's table, with twice their spread or more.
PARAMETERS = (
    Parameter("dense loss", 0.1, 0.3, level=True),
    Parameter("size exponent", -0.084, 0.03),
    Parameter("experts' exponent", -0.045, 0.03),
    Parameter("interaction", 0.0047, 0.004),
    Parameter("experts to start from", float(np.log(2.5)), 0.8),
    Parameter("experts' limit", float(np.log(420.0)), 0.7),
)


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 6]."""
    level, size, experts, both, log_start, log_limit = columns(theta)
    u = x[:, 0]
    one, limit = np.exp(log_start) / (np.expm1(x[:, 1]) + np.exp(log_start)), np.exp(log_start - log_limit)
    # With q taken out: q / (E - 1 + q) and q / E_max.
    worth = log_start - np.log(one + limit)
    slope = experts + both * u
    total = level + size * u + slope * worth
    by_start, by_limit = one * one / (one + limit), limit / (one + limit)
    return total, slopes(1.0, u, worth, u * worth, slope * by_start, slope * by_limit, like=total)


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters a, b, c, d, E_start, E_max."""
    level, size, experts, both, log_start, log_limit = np.moveaxis(theta, -1, 0)
    middle = np.log(scale["params"])
    return {
        "a": size,
        "b": experts - both * middle,
        "c": both * TEN,
        "d": (level - size * middle) / TEN,
        "E_start": 1.0 / (np.exp(-log_start) + np.exp(-log_limit)),
        "E_max": np.exp(log_limit),
    }


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of a, b, c, d, E_start, E_max."""
    middle, both = np.log(scale["params"]), of["c"] / TEN
    start = -np.log(1.0 / of["E_start"] - 1.0 / of["E_max"])
    level = of["d"] * TEN + of["a"] * middle
    return np.array([level, of["a"], of["b"] + both * middle, both, start, np.log(of["E_max"])])


def _row(*values: float) -> dict[str, float]:
    return dict(zip(("a", "b", "c", "d", "E_start", "E_max"), values, strict=True))


CAVEAT = (
    "The law is of one length of training (130 billion tokens) and of its own routing; what more tokens do is not in "
    "it. It has no floor, so that it promises too much of much larger models."
)

LAW = Law(
    name="moe",
    title="Mixture of experts",
    form="log10 L = a log10 N + b log10 E' + c log10 N log10 E' + d, E' = E between E_start and E_max",
    inputs=(PARAMS, EXPERTS),
    parameters=PARAMETERS,
    counts="non-embedding",
    loss_unit="nats/token",
    sources=("clark2022unified",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    valid={"params": (1.5e7, 1.3e9), "experts": (1.0, 512.0)},
    published=(
        Published("Sinkhorn-BASE", _row(-0.082, -0.108, 0.009, 1.104, 1.847, 314.478), "clark2022unified"),
        Published("reinforcement learning", _row(-0.083, -0.126, 0.012, 1.111, 1.880, 469.982), "clark2022unified"),
        Published("hash layers", _row(-0.087, -0.136, 0.012, 1.157, 4.175, 477.741), "clark2022unified"),
    ),
    caveats=(CAVEAT,),
)
