"""A profile's attention in the words of the step's tables, by least squares with coefficients that are not negative.

Symbols
    q, c  a chunk and what is before it   n, k  decodes and tokens of each   C = n k   p(q, c) as in the step's tables
    decodes alone        b0 + b1 n + c0 C + c1 k            so decode_base[n] = b0 + b1 n, decode_context[n] = c0 + c1/n
    with a chunk         a0 + a1 p + a2 (c + q) + a3 q + m (decodes alone)
The kernel is not that simple, so it is linearised where it is used: rows count by the square of how near their n is
to the batch that the engine runs (on a logarithmic scale), and chunks by whether their contexts occur. Errors count
relative to the square root of a row's seconds, half way between seconds and shares.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from solvers.cost.layouts import Floats
from solvers.serving.evidence.profiles import Profile

# A row whose batch is four times as large or as small counts by e^-1/2 (estimate).
NEAR = float(np.log(4.0))


@dataclass(frozen=True)
class Attention:
    """Seconds of one layer, by the symbols above."""

    decode: Floats
    chunk: Floats
    mixed_decode: float

    def base(self, decodes: Floats) -> Floats:
        """Of so many decodes [K], whatever their contexts; nothing where there are none."""
        return np.where(decodes > 0.0, self.decode[0] + self.decode[1] * decodes, 0.0)

    def context(self, decodes: Floats) -> Floats:
        """Of each token of their contexts [K]."""
        found: Floats = self.decode[2] + self.decode[3] / np.maximum(decodes, 1.0)
        return found


def attention_of(profile: Profile, *, batch: float, longest: float) -> Attention:
    """The attention of `profile` about `batch` decodes, for contexts up to `longest` tokens."""
    chunk, before, decodes, each, seconds = profile.attention.T
    near = np.exp(-0.5 * (np.log((decodes + 1.0) / (batch + 1.0)) / NEAR) ** 2)
    alone, mixed = chunk == 0.0, (chunk > 0.0) & (before <= longest) & (each <= longest)
    columns = np.stack([np.ones_like(decodes), decodes, decodes * each, each], axis=1)
    decode = _fitted(columns[alone], seconds[alone], near[alone])
    beside = np.where(decodes > 0.0, columns @ decode, 0.0)
    pairs = chunk * before + chunk * (chunk + 1.0) / 2.0
    terms = np.stack([np.ones_like(chunk), pairs, before + chunk, chunk, beside], axis=1)
    found = _fitted(terms[mixed], seconds[mixed], near[mixed])
    return Attention(decode, found[:4], float(found[4]))


def _fitted(columns: Floats, seconds: Floats, near: Floats) -> Floats:
    """Coefficients [columns] that are nearest to `seconds`, none of them negative."""
    weights = near / np.sqrt(seconds)
    size = np.maximum(np.abs(columns).max(axis=0), 1e-30)
    found, _rest = nnls(columns / size * weights[:, None], seconds * weights)
    solution: Floats = found / size
    return solution
