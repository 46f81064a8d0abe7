"""Forms of mixtures of domains (five losses a run) and of learning rate, batch, tokens and size of [li2026spend]."""

from itertools import combinations

import numpy as np

from tests.solvers.laws.pools.form import Form

exp, log = np.exp, np.log
DOMAINS = 5


def each(formula, size):
    """A formula of one domain, with its own parameters, as one of all: x are logarithms of the shares."""

    def whole(t, x, _):
        shares = [exp(one) for one in x]
        parts = [formula(t[size * i : size * (i + 1)], shares[i], shares[:i] + shares[i + 1 :]) for i in range(DOMAINS)]
        return np.stack(np.broadcast_arrays(*parts), axis=-1)

    return whole


def linear(weights, shares):
    return sum(one * share for one, share in zip(weights, shares, strict=True))


def mixture_2(t, p, others):
    return exp(t[0] - t[2] * log(p + exp(t[1])) + linear(t[3:], others))


def mixture_6(t, p, others):
    # A domain may be worth nothing to another but no less: a share below nothing has no power.
    return t[0] + exp(t[1] - t[2] * log(p + linear([exp(one) for one in t[3:]], others)))


def mixture_7(t, p, others):
    logs = sum(log(one) for one in others)
    return t[0] + t[1] * p + t[2] * log(p) + linear(t[3:7], others) + t[7] * logs


def joint(t, x, _):
    """Exponents that the domains share, then level and weights of each."""
    powers = [exp(alpha * one) for alpha, one in zip(t[:DOMAINS], x, strict=True)]
    size = DOMAINS + 1
    parts = [t[DOMAINS + size * i : DOMAINS + size * (i + 1)] for i in range(DOMAINS)]
    return np.stack([part[0] + linear(part[1:], powers) for part in parts], axis=-1)


MIXTURE = tuple(
    Form(name, roles, formula, DOMAINS)
    for name, roles, formula in (
        ("1", "FlGGGG" * 5, each(lambda t, p, others: t[0] + t[1] * log(p) + linear(t[2:], others), 6)),
        ("2", "Lcbssss" * 5, each(mixture_2, 7)),
        ("3", "FGpGGGG" * 5, each(lambda t, p, others: t[0] + t[1] * exp(t[2] * log(p)) + linear(t[3:], others), 7)),
        ("4", "p" * 5 + "Lsssss" * 5, lambda t, x, m: exp(joint(t, x, m))),
        ("5", "p" * 5 + "FGGGGG" * 5, joint),
        ("6", "FAaKKKK" * 5, each(mixture_6, 7)),
        ("7", "FGlGGGGl" * 5, each(mixture_7, 8)),
        ("8", "FAa" * 5, each(lambda t, p, _: t[0] - exp(t[1] + t[2] * log(p)), 3)),
        ("9", "Flq" * 5, each(lambda t, p, _: t[0] + t[1] * log(p) + t[2] * log(p) ** 2, 3)),
        ("10", "Fcc" * 5, each(lambda t, p, _: t[0] + exp(t[1]) / (p + exp(t[2])), 3)),
    )
)


def polynomial(t, x):
    """Of the second degree in logarithms: slopes, squares, products."""
    squares = [one**2 for one in x]
    products = [one * other for one, other in combinations(x, 2)]
    return linear(t, [*x, *squares, *products])


# Slopes, squares and products of four inputs.
SECOND = "s" * 4 + "q" * 4 + "q" * 6


def softplus(value):
    return log(1.0 + exp(value))


def basins(t, x, _):
    u, v, s, p = x
    base = t[0] + exp(t[1] - t[2] * p) + exp(t[3] - t[4] * s) + exp(t[5] - t[6] * (s - t[7] * p))
    base = base + exp(t[24] - t[25] * v)
    off_u = u - (t[8] + t[9] * p + t[10] * s + t[11] * v)
    off_v = v - (t[12] + t[13] * p + t[14] * s)
    of_u = softplus(t[15] + t[16] * p + t[17] * s + t[22] * v)
    of_v = softplus(t[18] + t[19] * p + t[20] * s + t[23] * v)
    tied = 2.0 * np.tanh(t[21]) * np.sqrt(of_u * of_v)
    return base + of_u * off_u**2 + of_v * off_v**2 + tied * off_u * off_v


def valleys(t, x, _):
    u, v, s, p = x
    base = t[0] + exp(t[1] - t[2] * p) + exp(t[3] - t[4] * s) + exp(t[5] - t[6] * p - t[7] * s)
    off_u = u - (t[12] + t[13] * p + t[14] * s + t[15] * v + t[16] * p * s)
    off_v = v - (t[20] + t[21] * p + t[22] * s + t[23] * p * s)
    of_u, of_v = exp(t[8] + t[9] * p + t[10] * s + t[11] * v), exp(t[17] + t[18] * p + t[19] * s)
    return base + of_u * off_u**2 + of_v * off_v**2


def inverses(t, x, _):
    rest = [exp(-x[1]), exp(-2.0 * x[1]), exp(-x[2]), exp(-x[3])]
    return exp(t[0] + polynomial(t[1:15], x) + t[15] * (x[2] - x[3]) + linear(t[16:], rest))


def decays(t, x, middle):
    u, v, s, p = x
    ratio = s + middle[2] - p - middle[3]
    base = t[0] + exp(t[1] - t[2] * p) + exp(t[3] - t[4] * s) + exp(t[5] - t[6] * v)
    off = u - (t[8] + t[9] * v + t[10] * p + t[11] * s)
    basin = exp(t[7] - t[12] * v - t[13] * p - t[14] * s) * off**2
    return base + t[15] * exp(-t[16] * ratio**2) + t[17] * exp(-t[18] * (s - v)) + basin


def partial(t, x, _):
    u, v, s, p = x
    terms = [s, p, s * p, u, u**2, v, v**2, u * v, u * s, u * p, v * s, v * p]
    return t[0] + exp(t[1] + linear(t[2:], terms))


def skewed(t, x, _):
    u, v, s, p = x
    base = t[0] + exp(t[1] - t[2] * p) + exp(t[3] - t[4] * s) + exp(t[5] - t[6] * (s - p))
    rate = u - (t[7] + t[8] * v + t[9] * p + t[10] * s)
    noise = u - 0.5 * v - (t[13] + t[14] * p + t[15] * s)
    of_rate = exp(t[11]) * rate**2 * (1.0 + t[12] * np.tanh(rate))
    of_noise = exp(t[16]) * noise**2 * (1.0 + t[17] * np.tanh(noise))
    return base + of_rate + of_noise + exp(t[19]) * (s - p - t[18]) ** 2


def twice(t, x, _):
    return t[0] + exp(t[1] + polynomial(t[2:16], x)) + exp(t[16] + polynomial(t[17:], x))


def roots(t, x, _):
    rest = [exp(-0.5 * x[2]), exp(-0.5 * x[3]), exp(-x[1])]
    return t[0] + polynomial(t[1:15], x) + linear(t[15:], rest)


# Learning rate, batch, tokens, parameters.
STEPS = (
    Form("1", "L" + SECOND, lambda t, x, _: exp(t[0] + polynomial(t[1:], x))),
    Form("2", "FAaAaAas" + "usss" + "uss" + "zss" + "zss" + "sss" + "Aa", basins),
    Form("3", "FAaAaAaa" + "csss" + "usssg" + "css" + "ussg", valleys),
    Form("4", "L" + SECOND + "s" + "gggg", inverses),
    Form("5", "FAaAaAa" + "c" + "usss" + "sss" + "Gb" + "Ga", decays),
    Form("6", "FA" + "ssgsqsqqqqqq", partial),
    Form("7", "F" + ("A" + SECOND) * 2, twice),
    Form("8", "FAaAaAa" + "usss" + "cs" + "uss" + "cs" + "uc", skewed),
    Form("9", "F" + SECOND, lambda t, x, _: t[0] + polynomial(t[1:], x)),
    Form("10", "F" + SECOND + "ggg", roots),
)
