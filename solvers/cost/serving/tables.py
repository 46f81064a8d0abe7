"""Seconds of one engine step, in tables that compiled code reads by index.

A step runs T tokens of N sequences: n decodes, whose contexts have C tokens in all (W, with each cut to the window),
and prefill chunks of q tokens after c tokens that are there already. S of the sequences give a token. Chunks see
    p(q, c) = q c + q (q + 1) / 2            pairs of a query and a key, and with a window w the same, each query
                                             limited to its last w keys: p_w(q, c)
    device  = tokens[T] + sampled[S] + m (decode_base[n] + decode_context[n] C + decode_window[n] W)
              + sum over chunks ( chunk + pair p + pair_window p_w + context (c + q) )
    host    = host + host_sequence N
    step    = max(device, host) where the host prepares the next step meanwhile, device + host where it does not
`tokens` is `decode_tokens` in a step without prefill chunks and `mixed_tokens` in one with them; m is 1 in the former
and `mixed_decode` in the latter, where one kernel, made for chunks, attends for all. Ranks that share
their experts but not their attention run in lockstep: the device's seconds are those of the busiest rank, and
`shared_tokens` is added for the tokens of all ranks. With s pipeline stages each takes 1 / s of the device's seconds,
and `hop[T]` goes by before the next may start.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.float64]


class StepCost(NamedTuple):
    """The tables: seconds. Those of tokens [most tokens of a step + 1], of sequences [most sequences + 1].

    `shared_tokens` has one entry for each number of tokens of all ranks together, 0 first; one entry where nothing is
    shared. `window` is 0 where no layer has one.
    """

    decode_tokens: Table
    mixed_tokens: Table
    shared_tokens: Table
    sampled: Table
    decode_base: Table
    decode_context: Table
    decode_window: Table
    hop: Table
    chunk: float
    pair: float
    pair_window: float
    context: float
    host: float
    host_sequence: float
    window: int
    overlapped: bool
    mixed_decode: float = 1.0


def constant(value: float, *, most: int) -> Table:
    """A table that says the same for 0 to `most`."""
    return np.full(most + 1, value, dtype=np.float64)
