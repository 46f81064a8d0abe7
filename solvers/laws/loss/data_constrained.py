"""L = E + A / N'^alpha + B / D'^beta: repeated tokens are worth less each time, parameters beyond their need too.

Equations 5 and 6 [muennighoff2023scaling]:
D' = U + U R_D (1 - e^(-(D / U - 1) / R_D))       U unique tokens, D / U epochs
N' = K + K R_N (1 - e^(-(N / K - 1) / R_N))       K = min(N, N*(U)): no larger a model is of use for U tokens
N*(U) is where another parameter and another token gain alike: alpha A / N*^alpha = beta B / U^beta.
theta = (ln E, ln A', ln B', ln alpha, ln beta, ln R_D, ln R_N) with A' = A / N0^alpha and B' = B / D0^beta.
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Input, Law, Parameter, Published, Scale
from solvers.laws.loss import chinchilla
from solvers.laws.loss.terms import columns, slopes

UNIQUE = Input("unique_tokens", "Unique tokens U", like="tokens")
# Repetition around the paper's values, within a factor of about two.
PARAMETERS = (
    *chinchilla.PARAMETERS,
    Parameter("epochs worth having", float(np.log(15.4)), 0.7),
    Parameter("excess size worth having", float(np.log(5.3)), 0.7),
)


def worth(excess: Floats, rate: Floats) -> tuple[Floats, Floats, Floats]:
    """ln(1 + r (1 - e^(-x / r))) of what is x times beyond one, and its slopes in x and in ln r."""
    z = excess / rate
    left = np.exp(-z)
    whole = 1.0 - rate * np.expm1(-z)
    return np.log(whole), left / whole, rate * (-np.expm1(-z) - z * left) / whole


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 7]."""
    floor, size, data, log_alpha, log_beta, log_epochs, log_excess = columns(theta)
    alpha, beta = np.exp(log_alpha), np.exp(log_beta)
    u, v, unique = x[:, 0], x[:, 1], np.minimum(x[:, 1], x[:, 2])
    useful = (log_alpha - log_beta + size - data + beta * unique) / alpha
    kept = np.minimum(u, useful)
    of_tokens, _, tokens_by_rate = worth(np.expm1(v - unique), np.exp(log_epochs))
    of_params, params_by_excess, params_by_rate = worth(np.expm1(u - kept), np.exp(log_excess))
    params, tokens = kept + of_params, unique + of_tokens
    of_floor, of_size, of_data = np.exp(floor), np.exp(size - alpha * params), np.exp(data - beta * tokens)
    total = of_floor + of_size + of_data
    of_floor, of_size, of_data = of_floor / total, of_size / total, of_data / total
    # How N' follows N*: not at all where the model is no larger than that.
    follows = np.where(useful < u, 1.0 - np.exp(u - kept) * params_by_excess, 0.0)
    parts = (
        of_floor,
        of_size * (1.0 - follows),
        of_data + of_size * follows,
        -of_size * (alpha * params + follows * (1.0 - alpha * useful)),
        -of_data * beta * tokens + of_size * follows * (1.0 - beta * unique),
        -of_data * beta * tokens_by_rate,
        -of_size * alpha * params_by_rate,
    )
    return np.log(total), slopes(*parts, like=total)


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters E, A, B, alpha, beta, R_D, R_N."""
    return {
        **chinchilla.natural(theta[..., :5], scale),
        "R_D": np.exp(theta[..., 5]),
        "R_N": np.exp(theta[..., 6]),
    }


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of E, A, B, alpha, beta, R_D, R_N."""
    return np.concatenate([chinchilla.from_natural(of, scale), np.log([of["R_D"], of["R_N"]])])


PRINTED = {
    "E": float(np.exp(0.6254804)),
    "A": float(np.exp(6.255414)),
    "B": float(np.exp(7.3049974)),
    "alpha": 0.3526596,
    "beta": 0.3526596,
    "R_D": 15.387756,
    "R_N": 5.309743,
}
CAVEAT = (
    "The published coefficients are of 54 points read from another paper's figure, with repetition from 182 runs; on "
    "those runs themselves they are 6 to 8 % too low. They have to be fitted again before use."
)

LAW = Law(
    name="data-constrained",
    title="Data-constrained",
    form="L = E + A / N'^alpha + B / D'^beta, D' = U + U R_D (1 - e^(-(D / U - 1) / R_D)), N' likewise with N*(U), R_N",
    inputs=(chinchilla.PARAMS, chinchilla.TOKENS, UNIQUE),
    parameters=PARAMETERS,
    counts="total",
    loss_unit="nats/token",
    sources=("muennighoff2023scaling",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    linear=(0,),
    valid={"params": (7e6, 9e9), "tokens": (1e8, 9e11), "unique_tokens": (1e8, 1.8e11)},
    published=(Published("as in its code", PRINTED, "muennighoff2023scaling"),),
    caveats=(CAVEAT,),
)
