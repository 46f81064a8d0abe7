"""L = C_N / N^alpha + C_D / D^beta + L0, from branches of one run that decays at several lengths.

Section 4.5 [hu2024minicpm]. The form is Chinchilla's with other letters; what differs is how its runs are made (one
stable learning rate, decays branching off) and what they say: alpha 0.29 and beta 0.23 on average over its texts.
"""

from solvers.laws.law import Coefficients, Floats, Law, Scale
from solvers.laws.loss import chinchilla

LETTERS = {"L0": "E", "C_N": "A", "C_D": "B", "alpha": "alpha", "beta": "beta"}


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """The letters L0, C_N, C_D, alpha, beta."""
    found = chinchilla.natural(theta, scale)
    return {letter: found[same] for letter, same in LETTERS.items()}


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of L0, C_N, C_D, alpha, beta."""
    return chinchilla.from_natural({same: of[letter] for letter, same in LETTERS.items()}, scale)


CAVEATS = (
    (
        "C_N, C_D and L0 stand only inside figures. From its average exponents the paper draws N / D = K^2 (C / 6)^eta "
        "with K^2 0.01 and eta -0.10: with N and D in billions that is 167 tokens a parameter at 1e21 FLOP, like the "
        "192 that it speaks of; in plain units, which it does not exclude, it would be ten thousand."
    ),
    "Its losses are nats per byte, averaged over texts: tokens per byte are needed to set them beside others.",
)

LAW = Law(
    name="minicpm",
    title="MiniCPM",
    form="L = C_N / N^alpha + C_D / D^beta + L0",
    inputs=(chinchilla.PARAMS, chinchilla.TOKENS),
    parameters=chinchilla.PARAMETERS,
    counts="non-embedding",
    loss_unit="nats/byte",
    sources=("hu2024minicpm",),
    log_loss=chinchilla.log_loss,
    natural=natural,
    from_natural=from_natural,
    linear=(0, 1, 2),
    valid={"params": (4e7, 2e9), "tokens": (4e8, 1.2e11)},
    caveats=CAVEATS,
)
