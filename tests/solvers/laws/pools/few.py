"""Forms of parallel streams, experts, repeated tokens, sparsity and vocabularies of [li2026spend].

Inputs in each pool's order; names and order as in the benchmark. x are logarithms over the middle: a factor of an
amplitude apart, which is free, N^-a is exp(-a x).
"""

import numpy as np

from tests.solvers.laws.pools.form import Form

exp, log = np.exp, np.log
TINY = 1e-12


def least(value, low=TINY):
    """The value, but no less than `low` (its real part)."""
    return np.where(value.real > low, value, low)


def of_streams(t, x, _):
    c0, a, alpha, b, beta, both = t
    n, s = x
    return c0 + exp(a - alpha * n) + b * exp(-beta * s) + both * exp(-alpha * n - beta * s)


def shared_streams(t, x, middle):
    c0, c1, alpha, beta = t
    return c0 + c1 * (exp(-alpha * (x[0] + middle[0])) + exp(-beta * x[1]))


# Streams: S is counted from one, so that its middle is 1.
PARALLEL = (
    Form("1", "FAaGaG", of_streams),
    Form("2", "FAaGa", lambda t, x, m: of_streams([*t, 0.0 * t[0]], x, m)),
    Form("3", "AaGF", lambda t, x, _: exp(t[0] - t[1] * x[0]) + t[2] / (1.0 + exp(x[1])) + t[3]),
    Form("4", "AaGF", lambda t, x, _: exp(t[0] - t[1] * x[0]) + t[2] * exp(-0.5 * x[1]) + t[3]),
    Form("5", "AkaF", lambda t, x, _: exp(t[0] - t[2] * (x[0] + log(least(1.0 + t[1] * x[1])))) + t[3]),
    Form("6", "wwab", shared_streams),
    Form("7", "FAak", lambda t, x, _: t[0] + exp(t[1] - t[2] * x[0]) / least(1.0 + t[3] * x[1])),
    Form("8", "AaFk", lambda t, x, _: (exp(t[0] - t[1] * x[0]) + t[2]) / least(1.0 + t[3] * x[1])),
    Form("9", "Lbb", lambda t, x, _: exp(t[0] - t[1] * x[0] - t[2] * x[1])),
    Form("10", "AaFb", lambda t, x, _: (exp(t[0] - t[1] * x[0]) + t[2]) * exp(-t[3] * x[1])),
)


def experts_3(t, x, _):
    a, alpha, log_b, beta, c, floor = t
    e, n = x
    return exp(a - alpha * n) / (1.0 + exp(log_b + beta * e)) + exp(c - 0.6 * alpha * n) + floor


def experts_4(t, x, _):
    a, alpha, log_b, gamma, c, d = t
    e, n = x
    return exp(a - alpha * n - gamma * log(1.0 + exp(log_b + e))) + c + d * (n - 0.4 * log(1.0 + exp(e)))


def experts_6(t, x, middle):
    a, b, c, d, e, f = t
    return exp(a - b * x[1]) * (1.0 + c * exp(-d * x[0])) + e + f * exp(-x[0] - 0.05 * x[1])


def experts_10(t, x, _):
    floor, a, alpha, log_b, gamma, beta = t
    worth = log((1.0 + exp(log_b + gamma * x[0])) / (1.0 + exp(log_b)))
    return floor + exp(a - alpha * x[1] - beta * worth)


MOE = (
    Form("1", "FAab", lambda t, x, _: t[0] + exp(t[1] - t[2] * x[1] - t[3] * x[0])),
    Form("2", "FAabp", lambda t, x, _: t[0] + exp(t[1] - t[4] * (t[2] * x[1] + t[3] * x[0]))),
    Form("3", "AaAaAF", experts_3),
    Form("4", "AaAbFg", experts_4),
    Form(
        "5",
        "FAsagg",
        lambda t, x, _: t[0] + exp(t[1] + t[2] * x[0] - t[3] * x[1] + t[4] * x[0] * x[1]) + t[5] * x[0],
    ),
    Form("6", "AakbFg", experts_6),
    Form("7", "AbaGaF", lambda t, x, _: exp(t[0] - t[1] * x[0] - t[2] * x[1]) + t[3] * exp(-t[4] * x[1]) + t[5]),
    Form("8", "AabF", lambda t, x, _: exp(t[0] - t[1] * x[1] - t[2] * x[0]) + t[3]),
    Form("9", "FAka", lambda t, x, _: t[0] + exp(t[1] - t[3] * (x[1] + t[2] * x[0]))),
    Form("10", "FAaAab", experts_10),
)


def repeated_1(t, x, _):
    a, alpha, b, beta, e, gamma, delta = t
    u, n, d = x
    return exp(a - alpha * n) + exp(b - beta * d) + e * exp(gamma * u + delta * n)


def saturated(t, x, _):
    """Equations 5 and 6 [muennighoff2023scaling] with one exponent and N*(U) = rho U."""
    a, log_n, b, log_d, alpha, floor, log_rho = t
    u, n, d = x
    kept = np.where((log_rho + u).real < n, log_rho + u, n + 0.0 * log_rho)
    params = kept + log(1.0 - exp(log_n) * np.expm1(-least(exp(n - kept) - 1.0, 0.0) / exp(log_n)))
    tokens = u + log(least(1.0 - exp(log_d) * np.expm1(-(exp(d - u) - 1.0) / exp(log_d))))
    return exp(a - alpha * params) + exp(b - alpha * tokens) + floor


def repeated_4(t, x, _):
    floor, a, alpha, b, beta, log_s, d = t
    tokens = x[2] - log(1.0 + exp(x[2] - log_s - x[0] - d * x[1]))
    return floor + exp(a - alpha * x[1]) + exp(b - beta * tokens)


def repeated_6(t, x, _):
    floor, a, alpha, b, beta, log_c, c, d = t
    excess = log(np.maximum(exp(x[2] - x[0]) - 1.0, TINY))
    tokens = x[2] - log(1.0 + exp(log_c + c * excess + d * x[1]))
    return floor + exp(a - alpha * x[1]) + exp(b - beta * tokens)


def repeated_8(t, x, _):
    floor, b, c, d, alpha, beta, gamma = t
    ratio = log(log(exp(x[0] - x[2]) + 1.0))
    return floor + exp(b - alpha * x[2]) + exp(c - beta * x[1]) + d * exp(gamma * ratio)


def repeated_10(t, x, _):
    floor, a, b, alpha, beta, log_k, log_q = t
    q = exp(log_q)
    one, other = -beta * q * x[2], -beta * q * (log_k + x[0])
    return floor + exp(a - alpha * x[1]) + exp(b + joined(one, other) / q)


def joined(one, other):
    """ln(e^one + e^other)."""
    most = np.where(one.real > other.real, one, other)
    return most + log(exp(one - most) + exp(other - most))


REPEATED = (
    Form("1", "AaAaFgg", repeated_1),
    Form(
        "2",
        "FGAAaaa",
        lambda t, x, _: t[0] + t[1] * exp(-t[4] * x[0]) + exp(t[2] - t[5] * x[1]) + exp(t[3] - t[6] * x[2]),
    ),
    Form("3", "AeAeaFm", saturated),
    Form("4", "FAaAaeg", repeated_4),
    Form(
        "5",
        "AaAaFk",
        lambda t, x, _: exp(t[0] - t[1] * x[1]) + exp(t[2] - t[3] * (t[5] * x[0] + (1.0 - t[5]) * x[2])) + t[4],
    ),
    Form("6", "FAaAacpg", repeated_6),
    Form(
        "7",
        "FAbAaGa",
        lambda t, x, _: t[0] + exp(t[1] - t[2] * (x[1] + x[0])) + exp(t[3] - t[4] * x[2]) + t[5] * exp(-t[6] * x[1]),
    ),
    Form("8", "FAAGaap", repeated_8),
    Form(
        "9",
        "AaAaAaF",
        lambda t, x, _: exp(t[0] - t[1] * x[1]) + exp(t[2] - t[3] * x[2]) * (1.0 + exp(t[4] - t[5] * x[0])) + t[6],
    ),
    Form("10", "FAAaaem", repeated_10),
)

SPARSITY = (
    Form("1", "AaagF", lambda t, x, _: exp(t[0] - t[1] * x[0] - t[2] * x[1] + t[3] * x[0] * x[1]) + t[4]),
    Form("2", "AaaF", lambda t, x, _: exp(t[0] - t[1] * x[0] - t[2] * x[1]) + t[3]),
    Form(
        "3",
        "AaAagF",
        lambda t, x, _: exp(t[0] - t[1] * x[0]) + exp(t[2] - t[3] * x[1] + t[4] * x[0] * x[1]) + t[5],
    ),
    Form("4", "AaAaF", lambda t, x, _: exp(t[0] - t[1] * x[0]) + exp(t[2] - t[3] * x[1]) + t[4]),
)


def vocabulary_2(t, x, middle):
    floor, a, alpha, beta, c, v0, log_r = t
    r, (p, v, d) = exp(log_r), x
    p0, _, d0 = middle
    mean = (joined(-alpha * r * (p + p0), -beta * r * (d + d0)) - joined(-alpha * r * p0, -beta * r * d0)) / r
    return floor + exp(a + mean) * (1.0 + c * (v - v0) ** 2)


def vocabulary_3(t, x, _):
    floor, a, alpha, b, beta, phi, log_q = t
    q = exp(log_q)
    return floor + exp(joined(q * (a - alpha * x[0]), q * (b - beta * (x[2] + phi * x[1]))) / q)


def vocabulary_4(t, x, _):
    floor, a, alpha, beta, d, scale, g = t
    one, other = alpha * x[0], scale + beta * x[2]
    return floor + exp(a - d * np.where(one.real > other.real, one, other) - g * x[1])


def vocabulary_9(t, x, _):
    a, alpha, beta, gamma, delta, epsilon, floor = t
    return exp(a - alpha * x[0] - beta * x[2]) * (1.0 + gamma * x[1]) + delta * exp(epsilon * x[1]) + floor


def vocabulary_10(t, x, _):
    floor, a, p, v, v2, d, vd = t
    return floor + exp(a - p * x[0] + v * x[1] + v2 * x[1] ** 2 - d * x[2] + vd * x[1] * x[2])


VOCABULARY = (
    Form("1", "FAsaa", lambda t, x, _: t[0] + exp(t[1] + t[2] * x[1] - t[3] * x[0] - t[4] * x[2])),
    Form("2", "FAaagum", vocabulary_2),
    Form("3", "FAaAasm", vocabulary_3),
    Form("4", "FAaapus", vocabulary_4),
    Form(
        "5",
        "AasaAaF",
        lambda t, x, _: exp(t[0] - t[1] * x[0] + t[2] * x[1] - t[3] * x[2]) + exp(t[4] - t[5] * x[0]) + t[6],
    ),
    Form(
        "6",
        "AasAasF",
        lambda t, x, _: exp(t[0] - t[1] * (x[0] + t[2] * x[1])) + exp(t[3] - t[4] * (x[2] + t[5] * x[1])) + t[6],
    ),
    Form(
        "7",
        "AaaAsaF",
        lambda t, x, _: exp(t[0] - t[1] * x[0] - t[2] * x[2]) + exp(t[3] + t[4] * x[1] - t[5] * x[2]) + t[6],
    ),
    Form(
        "8",
        "FgAaAas",
        lambda t, x, _: t[0] + t[1] * x[1] + exp(t[6] * x[1]) * (exp(t[2] - t[3] * x[0]) + exp(t[4] - t[5] * x[2])),
    ),
    Form("9", "AaagGsF", vocabulary_9),
    Form("10", "FAasgag", vocabulary_10),
)
