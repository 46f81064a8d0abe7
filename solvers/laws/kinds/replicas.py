"""N' = N M^-r: M replicas that talk seldom are worth one of a somewhat smaller model.

The law of solvers/laws/loss/diloco.py, L = A N^-alpha M^beta, with r = beta / alpha [charles2025communication].
phi = (r).
"""

import numpy as np

from solvers.laws.kinds.effect import Effect
from solvers.laws.law import Coefficients, Floats, Parameter, Scale
from solvers.laws.loss import diloco

# r of the joint fit is 0.118; where the law has a floor, the same loss is more of N: hence the width (an estimate).
PUBLISHED = diloco.LAW.published[0].coefficients
PARAMETERS = (Parameter("replicas' cost", PUBLISHED["beta"] / PUBLISHED["alpha"], 0.25),)


def worth(phi: Floats, u: Floats, z: Floats) -> tuple[Floats, Floats]:  # noqa: ARG001 -- the same at every size
    """ln(N' / N) [S, M] and its slope [S, M, 1]."""
    total = -phi * z
    return total, np.broadcast_to(-z, total.shape)[..., None]


def natural(phi: Floats, _: Scale) -> dict[str, Floats]:
    """The letter r."""
    return {"r": phi[..., 0]}


def from_natural(of: Coefficients, _: Scale) -> Floats:
    """Phi of r."""
    return np.array([of["r"]])


EFFECT = Effect(
    title="replicas",
    form="N' = N M^-r",
    input=diloco.REPLICAS,
    acts_on="params",
    parameters=PARAMETERS,
    worth=worth,
    natural=natural,
    from_natural=from_natural,
    source="charles2025communication",
    caveat="What replicas cost was published for 20 tokens a parameter and 30 inner steps between outer ones.",
    laws=("diloco", "size"),
)
