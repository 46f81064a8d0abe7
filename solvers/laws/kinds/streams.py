"""N' = N (k (N / 1e9)^tau ln P + 1): P parallel streams through one model are worth a larger model.

Equation 5 [chen2025parallel], with tau of solvers/laws/loss/parscale_by_size.py. phi = (ln k at N0, tau).
"""

import numpy as np

from solvers.laws.kinds.effect import Effect
from solvers.laws.law import Coefficients, Floats, Scale
from solvers.laws.loss import parscale, parscale_by_size
from solvers.laws.loss.terms import columns, slopes


def worth(phi: Floats, u: Floats, z: Floats) -> tuple[Floats, Floats]:
    """ln(N' / N) [S, M] and its slopes [S, M, 2]."""
    log_k, tau = columns(phi)
    more = np.exp(np.clip(log_k + tau * u, -parscale.WORTH, parscale.WORTH)) * z
    total, by_k = np.log1p(more), more / (1.0 + more)
    return total, slopes(by_k, by_k * u, like=total)


def natural(phi: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters k (of a billion parameters) and tau."""
    log_k, tau = np.moveaxis(phi, -1, 0)
    return {"k": np.exp(log_k) * (parscale_by_size.BILLION / scale["params"]) ** tau, "tau": tau}


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Phi of k and tau."""
    return np.array([np.log(of["k"] * (scale["params"] / parscale_by_size.BILLION) ** of["tau"]), of["tau"]])


EFFECT = Effect(
    title="parallel streams",
    form="N' = N (k (N / 1e9)^tau ln P + 1)",
    input=parscale.STREAMS,
    acts_on="params",
    parameters=parscale_by_size.PARAMETERS[3:],
    worth=worth,
    natural=natural,
    from_natural=from_natural,
    source="chen2025parallel",
    caveat="What streams are worth was published for one length of training (42 billion tokens).",
    laws=("parscale-by-size", "parscale"),
)
