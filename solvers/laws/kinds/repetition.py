"""D' = U + U R* (1 - e^(-(D / U - 1) / R*)): D tokens of which U differ are worth D' that all differ.

Equation 5 [muennighoff2023scaling]. phi = (ln R*).
"""

import numpy as np

from solvers.laws.kinds.effect import Effect
from solvers.laws.law import Coefficients, Floats, Scale
from solvers.laws.loss import data_constrained


def worth(phi: Floats, u: Floats, z: Floats) -> tuple[Floats, Floats]:
    """ln(D' / D) [S, M] and its slope in ln R* [S, M, 1]."""
    unique = np.minimum(u, z)
    found, _, by_rate = data_constrained.worth(np.expm1(u - unique), np.exp(phi))
    return unique - u + found, by_rate[..., None]


def natural(phi: Floats, _: Scale) -> dict[str, Floats]:
    """R*, in epochs."""
    return {"R_D": np.exp(phi[..., 0])}


def from_natural(of: Coefficients, _: Scale) -> Floats:
    """Phi of R*."""
    return np.log([of["R_D"]])


EFFECT = Effect(
    title="repeated tokens",
    form="D' = U + U R_D (1 - e^(-(D / U - 1) / R_D))",
    input=data_constrained.UNIQUE,
    acts_on="tokens",
    parameters=(data_constrained.PARAMETERS[5],),
    worth=worth,
    natural=natural,
    from_natural=from_natural,
    source="muennighoff2023scaling",
    usual=None,
)
