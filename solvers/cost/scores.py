"""Attention that writes its scores to memory: the bytes and kernels of the softmax.

one fused kernel     where micro-batch x heads of a rank is a multiple of 4 [shoeybi2019megatron, fused kernels]
plain operators      elsewhere: cast to fp32, scale, mask, softmax, cast back
"""

import numpy as np

from solvers.cost.layouts import Bools, Floats, Number, Shards

# Passes over the scores, forward: written 2 bytes, softmax 4, dropout 5 with its mask, read 2.
SCORE_BYTES = {True: 13.0, False: 8.0}
# Plain operators read and write 6 (cast), 8 (scale), 9 (mask, of one byte), 8 (softmax) and 6 (cast) where the fused
# kernel moves 4, and are five kernels where it is one.
PLAIN_BYTES = 33.0
PLAIN_KERNELS = 4
# The fused kernel gives each block of threads four rows of scores.
FUSED_ROWS = 4


def fused_softmax(shards: Shards, heads: Number) -> Bools:
    """Where the fused kernel takes a rank's share of the heads."""
    return np.asarray(shards.micro_batch * heads / shards.tp % FUSED_ROWS == 0)


def score_bytes(shards: Shards, *, pairs: Floats, heads: Number, dropout: bool) -> Floats:
    """Bytes moved forward for `pairs` scores of a rank."""
    return (SCORE_BYTES[dropout] + np.where(fused_softmax(shards, heads), 0.0, PLAIN_BYTES)) * pairs


def plain_kernels(shards: Shards, heads: Number) -> Floats:
    """Kernels of a forward pass beside those of the fused softmax."""
    return np.where(fused_softmax(shards, heads), 0.0, float(PLAIN_KERNELS))
