"""Context parallelism: how the ranks that share a sequence let each query see every key.

Symbols
    c ranks   t tensor-parallel size   b micro-batch   s sequence   T = b s / c tokens of a rank
    k  width of keys and values of a rank's heads   q  width of all queries   a_k  heads of keys
Modes, forward; the backward pass moves twice the keys and values (again, and their gradients)
    ring        2 b s k bytes pass through every rank while it attends to the piece it has; hides under attention, whose
                kernels see pieces of s / c tokens [liu2023ring]
    all_gather  the same bytes before attention, not hidden; kernels see all s keys [dubey2024llama3, section 3.3.2]
    all_to_all  pieces of the sequence change into heads and back: 2 T (2 q / t + K) bytes of queries, output, keys and
                values, of which c - 1 in c leave; as much backward; not hidden; kernels see all s tokens; c t divides
                the heads; heads of keys are copied where there are fewer than c t [jacobs2023ulysses, section 3.2]
"""

import numpy as np

from solvers.cost.architecture import Architecture
from solvers.cost.cluster import Cluster
from solvers.cost.coefficients import Coefficients
from solvers.cost.collectives import exchange_seconds, gather_seconds, group_of
from solvers.cost.layouts import ALL_TO_ALL, RING, Floats, Number, Shards


def piece_length(shards: Shards, sequence_length: Number) -> Floats:
    """Keys that one attention kernel sees."""
    if shards.cp_mode is None:
        return sequence_length / shards.cp
    return sequence_length / np.where(shards.cp_mode == RING, shards.cp, 1)


def gathered_bytes(shards: Shards, architecture: Architecture, sequence_length: Number) -> Floats:
    """Bytes of all keys and values of the average layer that a rank's heads need, for one micro-batch."""
    heads = np.minimum(shards.tp, np.maximum(architecture.kv_heads, 1))
    width = architecture.kv_width / heads * architecture.attention_share
    return 2.0 * shards.micro_batch * sequence_length * width


def context_seconds(
    shards: Shards,
    sequence_length: Number,
    *,
    attention: tuple[Floats, Floats],
    architecture: Architecture,
    cluster: Cluster,
    coefficients: Coefficients,
) -> tuple[Floats, Floats]:
    """Seconds that the exchange adds to the forward and to the backward pass of the average layer.

    `attention` holds the seconds of those passes' attention.
    """
    group = group_of(shards.cp, shards.tp, cluster)
    start = coefficients.collective_start_s
    gathered = gather_seconds(gathered_bytes(shards, architecture, sequence_length), group, cluster, start_s=start)
    ring = (
        _beside(gathered, attention[0], coefficients),
        _beside(2.0 * gathered, attention[1], coefficients),
    )
    if shards.cp_mode is None:
        return ring
    changed = exchange_seconds(_changed_bytes(shards, architecture, sequence_length), group, cluster, start_s=start)
    modes = [shards.cp_mode == RING, shards.cp_mode == ALL_TO_ALL]
    return (
        np.select(modes, [ring[0], changed], gathered),
        np.select(modes, [ring[1], changed], 2.0 * gathered),
    )


def _changed_bytes(shards: Shards, architecture: Architecture, sequence_length: Number) -> Floats:
    """Bytes of queries, keys, values and output that a rank holds of its tokens."""
    tokens = shards.micro_batch * sequence_length / shards.cp
    ranks = shards.tp * shards.cp
    copied = np.maximum(ranks / np.maximum(architecture.kv_heads, 1), 1.0)
    width = 2.0 * architecture.attention_width / shards.tp + architecture.kv_width / shards.tp * copied
    return 2.0 * tokens * width * architecture.attention_share


def _beside(traffic: Floats, attention: Floats, coefficients: Coefficients) -> Floats:
    """Seconds that traffic adds to the attention it runs beside: what is left over, and the tax on what is hidden."""
    left = np.maximum(traffic - coefficients.attention_overlap * attention, 0.0)
    return left + coefficients.overlap_tax * (traffic - left)
