"""N' = N (E' / E'(1))^(g + h ln(N / N0)): a model with E experts in each routed layer is worth a dense one of N'.

The effective parameter count (section 5.1 [clark2022unified]), with E' between E_start and E_max as in
solvers/laws/loss/moe.py, whose law it is where the dense one is a power of N. N is what one token passes through.
phi = (ln g, h, ln q, ln E_max).
"""

import numpy as np

from solvers.laws.kinds.effect import Effect
from solvers.laws.law import Coefficients, Floats, Parameter, Scale
from solvers.laws.loss import moe
from solvers.laws.loss.terms import columns, slopes

# At a billion parameters the three ways of routing of the paper have g = (b + 9 c) / a of 0.22 to 0.33 and h = c /
# (a ln 10) of -0.05 to -0.06; with other routing g is a half and more, hence the width (an estimate).
PARAMETERS = (
    Parameter("experts' worth", float(np.log(0.3)), 0.6),
    Parameter("experts' worth by size", -0.055, 0.04),
    *moe.PARAMETERS[4:],
)


def worth(phi: Floats, u: Floats, z: Floats) -> tuple[Floats, Floats]:
    """ln(N' / N) [S, M] and its slopes [S, M, 4]."""
    log_g, by_size, log_start, log_limit = columns(phi)
    g, start, limit = np.exp(log_g), np.exp(log_start), np.exp(log_start - log_limit)
    one = start / (np.expm1(z) + start)
    experts = np.log1p(limit) - np.log(one + limit)
    by_start = (limit / (1.0 + limit)) - (one * (1.0 - one) + limit) / (one + limit)
    by_limit = -limit / (1.0 + limit) + limit / (one + limit)
    power = g + by_size * u
    total = power * experts
    return total, slopes(g * experts, u * experts, power * by_start, power * by_limit, like=total)


def natural(phi: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters g (of a billion parameters), h, E_start, E_max."""
    log_g, by_size, log_start, log_limit = np.moveaxis(phi, -1, 0)
    return {
        "g": np.exp(log_g) + by_size * np.log(BILLION / scale["params"]),
        "h": by_size,
        "E_start": 1.0 / (np.exp(-log_start) + np.exp(-log_limit)),
        "E_max": np.exp(log_limit),
    }


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Phi of g, h, E_start, E_max."""
    g = of["g"] - of["h"] * np.log(BILLION / scale["params"])
    return np.array([np.log(g), of["h"], -np.log(1.0 / of["E_start"] - 1.0 / of["E_max"]), np.log(of["E_max"])])


BILLION = 1e9
EFFECT = Effect(
    title="experts",
    form="N' = N (E' / E'(1))^(g + h ln(N / 1e9)), E' = E between E_start and E_max",
    input=moe.EXPERTS,
    acts_on="params",
    parameters=PARAMETERS,
    worth=worth,
    natural=natural,
    from_natural=from_natural,
    source="clark2022unified",
    caveat="What experts are worth was published for one length of training and for routing to one expert.",
    laws=("moe", "size"),
)
