"""L = E + (A / N^a + B / D^b)^k: what a small model and few tokens leave out is not added but shared, where k < 1.

[skaling2026]. With k = 1 it is Chinchilla's law; with E = 0, b = 1 Kaplan's.
theta = (ln E, ln R, logit w, ln a, ln b, ln k): at the middle of the runs the second term is R, of which, before the
power, the share w is the size's; A / N0^a = w R^(1/k), B / D0^b = (1 - w) R^(1/k).
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Law, Parameter, Scale
from solvers.laws.loss.chinchilla import PARAMS, TOKENS
from solvers.laws.loss.terms import columns, share, slopes

# Estimates, wide.
PARAMETERS = (
    Parameter("floor", float(np.log(0.6)), 0.4, level=True),
    Parameter("learned", float(np.log(0.35)), 0.6, level=True),
    Parameter("size's share", 0.0, 1.5),
    Parameter("size exponent", float(np.log(0.6)), 0.5),
    Parameter("data exponent", float(np.log(0.6)), 0.5),
    Parameter("power", float(np.log(0.5)), 0.4),
)


def mixed(
    u: Floats, v: Floats, share_logit: Floats, log_a: Floats, log_b: Floats
) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
    """ln(w e^(-a u) + (1 - w) e^(-b v)) [S, M] and its slopes in logit w, ln a and ln b."""
    of_size, of_data = share(share_logit)
    a, b = np.exp(log_a), np.exp(log_b)
    size, data = of_size * np.exp(-a * u), of_data * np.exp(-b * v)
    total = size + data
    size, data = size / total, data / total
    return np.log(total), (size * of_data - data * of_size, -size * a * u, -data * b * v)


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 6]."""
    floor, learned, share_logit, log_a, log_b, log_k = columns(theta)
    u, v = x.T
    mix, of_mix = mixed(u, v, share_logit, log_a, log_b)
    k = np.exp(log_k)
    of_floor, rest = np.exp(floor), np.exp(learned + k * mix)
    total = of_floor + rest
    rest = rest / total
    parts = of_floor / total, rest, *(rest * k * slope for slope in of_mix), rest * k * mix
    return np.log(total), slopes(*parts, like=total)


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """E, A, B, a, b, k."""
    floor, learned, share_logit, log_a, log_b, log_k = np.moveaxis(theta, -1, 0)
    a, b, k = np.exp(log_a), np.exp(log_b), np.exp(log_k)
    of_size, of_data = share(share_logit)
    return {
        "E": np.exp(floor),
        "A": of_size * np.exp(learned / k + a * np.log(scale["params"])),
        "B": of_data * np.exp(learned / k + b * np.log(scale["tokens"])),
        "a": a,
        "b": b,
        "k": k,
    }


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of E, A, B, a, b, k."""
    size = np.log(of["A"]) - of["a"] * np.log(scale["params"])
    data = np.log(of["B"]) - of["b"] * np.log(scale["tokens"])
    learned = of["k"] * np.logaddexp(size, data)
    return np.array([np.log(of["E"]), learned, size - data, *np.log([of["a"], of["b"], of["k"]])])


LAW = Law(
    name="skaling",
    title="Skaling",
    form="L = E + (A / N^a + B / D^b)^k",
    inputs=(PARAMS, TOKENS),
    parameters=PARAMETERS,
    counts="non-embedding",
    loss_unit="nats/token",
    sources=("skaling2026",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    linear=(0, 1),
    caveats=("No coefficients are published with units that could be checked; k was between 0.31 and 0.45 on fits.",),
)
