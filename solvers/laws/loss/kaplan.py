"""L = [(Nc / N)^(aN / aD) + Dc / D]^aD: no floor, and tokens count in inverse proportion before the power.

Equation 1.5 [kaplan2020scaling]; Skaling's law without a floor and with b = 1.
theta = (ln R, logit w, ln(aN / aD), ln aD): R the loss at the middle of the runs, w the size's share of it before the
power.
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Law, Parameter, Published, Scale
from solvers.laws.loss.chinchilla import PARAMS, TOKENS
from solvers.laws.loss.skaling import mixed
from solvers.laws.loss.terms import columns, share, slopes

# Estimates, wide, around the paper's exponents.
PARAMETERS = (
    Parameter("learned", 0.0, 0.3, level=True),
    Parameter("size's share", 0.0, 2.0),
    Parameter("size exponent", float(np.log(0.75)), 0.4),
    Parameter("power", float(np.log(0.1)), 0.5),
)


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 4]."""
    learned, share_logit, log_a, log_k = columns(theta)
    u, v = x.T
    mix, (of_share, of_a, _) = mixed(u, v, share_logit, log_a, np.zeros_like(log_a))
    k = np.exp(log_k)
    total = learned + k * mix
    return total, slopes(1.0, k * of_share, k * of_a, k * mix, like=total)


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters alpha_N, alpha_D, N_c, D_c."""
    learned, share_logit, log_a, log_k = np.moveaxis(theta, -1, 0)
    a, k = np.exp(log_a), np.exp(log_k)
    of_size, of_data = share(share_logit)
    return {
        "alpha_N": a * k,
        "alpha_D": k,
        "N_c": np.exp((np.log(of_size) + learned / k) / a) * scale["params"],
        "D_c": of_data * np.exp(learned / k) * scale["tokens"],
    }


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of alpha_N, alpha_D, N_c, D_c."""
    k = of["alpha_D"]
    a = of["alpha_N"] / k
    size = a * np.log(of["N_c"] / scale["params"])
    data = np.log(of["D_c"] / scale["tokens"])
    return np.array([k * np.logaddexp(size, data), size - data, np.log(a), np.log(k)])


ALONE = {"alpha_N": 0.076, "alpha_D": 0.095, "N_c": 8.8e13, "D_c": 5.4e13}
TOGETHER = {"alpha_N": 0.076, "alpha_D": 0.103, "N_c": 6.4e13, "D_c": 1.8e13}
CAVEAT = (
    "The paper prints two sets of coefficients: each term fitted alone, and both fitted together (its table 2); they "
    "are not one law. Its learning rates did not follow the length of the runs, which is why it wants larger models "
    "on fewer tokens than later laws. It has no floor: far from its runs it promises too much."
)

LAW = Law(
    name="kaplan",
    title="Kaplan",
    form="L = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D",
    inputs=(PARAMS, TOKENS),
    parameters=PARAMETERS,
    counts="non-embedding",
    loss_unit="nats/token",
    sources=("kaplan2020scaling",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    valid={"params": (768.0, 1.5e9), "tokens": (2.2e7, 2.3e10)},
    published=(
        Published("each term fitted alone", ALONE, "kaplan2020scaling"),
        Published("both terms fitted together", TOGETHER, "kaplan2020scaling"),
    ),
    caveats=(CAVEAT,),
)
