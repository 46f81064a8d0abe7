"""L = E + (A / N)^alpha: size alone, for runs of one length, where all that differs besides is an effect of a kind.

The law of solvers/laws/loss/parscale.py with one stream [chen2025parallel]. theta = (ln E, ln G', ln alpha).
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Law, Scale
from solvers.laws.loss import parscale
from solvers.laws.loss.chinchilla import PARAMS


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 3]."""
    total, slopes = parscale.log_loss(np.pad(theta, ((0, 0), (0, 1))), np.pad(x, ((0, 0), (0, 1))))
    return total, slopes[..., :3]


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters E, A (in parameters), alpha."""
    found = parscale.natural(np.concatenate([theta, np.zeros_like(theta[..., :1])], axis=-1), scale)
    return {letter: found[letter] for letter in ("E", "A", "alpha")}


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of E, A, alpha."""
    return parscale.from_natural({**of, "k": 1.0}, scale)[:3]


LAW = Law(
    name="size",
    title="Size alone",
    form="L = E + (A / N)^alpha",
    inputs=(PARAMS,),
    parameters=parscale.PARAMETERS[:3],
    counts="non-embedding",
    loss_unit="nats/token",
    sources=("chen2025parallel",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    linear=(0, 1),
    valid={"params": parscale.LAW.valid["params"]} if parscale.LAW.valid else None,
    caveats=("The law is of one length of training; what more tokens do is not in it.",),
)
