"""L = e^(s N^q + S) + e^(B N^b + Q) D^-e^(A N^a + E): the exponent of data itself changes with the model's size.

Equation of [li2025farseer]. Powers of N near 0 are numerically the same as logarithms of N, and their coefficients then
grow without bound; with n = N / N0 and f_q = (n^q - 1) / q (Box-Cox) they stay finite [box1964transformations]:

ln of the first term    S' + s' f_q
ln of the second term   Q' + B' f_b - e^(E' + A' f_a) ln(D / D0)

theta = (S', s', q, Q', B', b, E', A', a). The form is another one for another unit of D: with the reference D0 of
tokens at 1 it is the paper's; in the middle of the runs it is as flexible, and well conditioned.
"""

import numpy as np

from solvers.laws.law import Coefficients, Floats, Law, Parameter, Published, Scale
from solvers.laws.loss.chinchilla import PARAMS, TOKENS
from solvers.laws.loss.terms import box_cox, columns, slopes

# Estimates: loss levels as in the other laws; both terms shrink with size, and data counts for a little more in larger
# models. Powers are those of a curve in ln N that may bend either way.
PARAMETERS = (
    Parameter("floor", float(np.log(0.75)), 0.4, level=True),
    Parameter("floor's slope", -0.06, 0.08),
    Parameter("floor's bend", 0.0, 0.3),
    Parameter("data", float(np.log(0.25)), 0.8, level=True),
    Parameter("data's slope", -0.1, 0.2),
    Parameter("data's bend", 0.0, 0.3),
    Parameter("data exponent", float(np.log(0.4)), 0.5),
    Parameter("data exponent's slope", 0.05, 0.12),
    Parameter("data exponent's bend", 0.0, 0.3),
)
# ln of the data exponent, and ln of a term, beyond which nothing is a loss any more: numbers stay finite.
EXPONENT, TERM = 5.0, 50.0
# A bend of less has no coefficients in the paper's form; it is written as this one.
STRAIGHT = 1e-9


def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The logarithm of L [S, M] and its slopes [S, M, 9]."""
    floor, of_floor, q, data, of_data, b, power, of_power, a = columns(theta)
    u, v = x.T
    f_q, d_q = box_cox(q, u)
    f_b, d_b = box_cox(b, u)
    f_a, d_a = box_cox(a, u)
    exponent = np.exp(np.clip(power + of_power * f_a, -EXPONENT, EXPONENT))
    one = np.clip(floor + of_floor * f_q, -TERM, TERM)
    two = np.clip(data + of_data * f_b - exponent * v, -TERM, TERM)
    total = np.logaddexp(one, two)
    one, two = np.exp(one - total), np.exp(two - total)
    pull = -two * exponent * v
    parts = (
        *(one, one * f_q, one * of_floor * d_q),
        *(two, two * f_b, two * of_data * d_b),
        *(pull, pull * f_a, pull * of_power * d_a),
    )
    return total, slopes(*parts, like=total)


def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
    """s, q, S, B, b, Q, A, a, E of the paper's form for tokens in units of D0, which is given beside them."""
    floor, of_floor, q, data, of_data, b, power, of_power, a = np.moveaxis(theta, -1, 0)
    middle = np.log(scale["params"])
    found: dict[str, Floats] = {}
    curves = ("Ssq", floor, of_floor, q), ("QBb", data, of_data, b), ("EAa", power, of_power, a)
    for letters, level, slope, bend in curves:
        bent = np.where(np.abs(bend) < STRAIGHT, STRAIGHT, bend)
        values = level - slope / bent, slope / bent * np.exp(-bent * middle), bent
        found |= dict(zip(letters, values, strict=True))
    return {**found, "D0": np.full(np.shape(floor), scale["tokens"])}


def from_natural(of: Coefficients, scale: Scale) -> Floats:
    """Theta of the paper's coefficients, which hold for D in units of the scale's reference."""
    middle = np.log(scale["params"])
    theta: list[float] = []
    for level, slope, bend in (("S", "s", "q"), ("Q", "B", "b"), ("E", "A", "a")):
        at_middle = of[slope] * np.exp(of[bend] * middle)
        theta += [of[level] + at_middle, at_middle * of[bend], of[bend]]
    return np.array(theta)


OWN_RUNS = {
    **dict(zip("Ssq", (0.1284880679, -0.062465473, 0.13), strict=True)),
    **dict(zip("QBb", (-1.544209554, 230.7343709, -0.1729), strict=True)),
    **dict(zip("EAa", (3.1333471988, -1.665630816, 0.0459), strict=True)),
}
CAVEAT = (
    "Losses behind the published coefficients are in bits per character: they say nothing of a loss in nats per token. "
    "With few runs the form can follow noise; its prior holds the bends near those of a power law."
)

LAW = Law(
    name="farseer",
    title="Farseer",
    form="L = e^(s N^q + S) + e^(B N^b + Q) D^-e^(A N^a + E)",
    inputs=(PARAMS, TOKENS),
    parameters=PARAMETERS,
    counts="non-embedding",
    loss_unit="bits/char",
    sources=("li2025farseer",),
    log_loss=log_loss,
    natural=natural,
    from_natural=from_natural,
    linear=(0, 3),
    valid={"params": (1e8, 6.4e9), "tokens": (1e9, 5.1e11)},
    published=(Published("on its own runs", OWN_RUNS, "li2025farseer"),),
    caveats=(CAVEAT,),
)
