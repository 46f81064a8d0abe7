"""Seconds of collectives over groups that may span two levels of links.

    A group of g ranks, `stride` apart, has i = min(g, domain / stride) members in one domain and o = g / i domains.
    gather, S bytes in the end     t = S (i - 1) / i / b1  +  S / i (o - 1) / o / b2  +  n ring
    reduce-scatter                 the same;  all-reduce  twice that;  n messages make up the S bytes
    dispatch, S bytes of tokens    t = max( d S (i - 1) / i / b1 ,  S (o - 1) (1 - (1 - 1 / o)^k) / b2 )  +  latency
                                   each token goes to k random experts, on d = g (1 - (1 - 1 / g)^k) members, once to
                                   each of them; a domain gets it once and spreads it inside
    exchange, S bytes of each rank t = max( S (i - 1) / g / b1 ,  S (g - i) / g / b2 )  +  latency
    latency                        start + l1 log2 i + l2 log2 o
    ring                           start + l1 log2 i + (o - 1) (l2 + (i - 1) l1)

b1, b2: achieved bytes/s of a GPU inside and between domains; l1, l2 their latencies. Hierarchical: ranks of one domain
first share what they have, so that the slow link carries each byte once [thakur2005optimization; cho2019blueconnect];
likewise for tokens on their way to experts [rajbhandari2022deepspeedmoe, section 5.2; deepseek2024v3, section 3.2.2].
Between domains a gather goes around a ring of all ranks, whose every hop must be waited for [nccl2025tuning]; inside a
domain the switch makes the steps few.
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.cluster import Cluster
from solvers.cost.layouts import Bools, Floats, Ints, Number


@dataclass(frozen=True)
class Group:
    """Ranks that talk to one another: how many, how many of them in one domain, over how many domains."""

    size: Floats
    inside: Floats
    outside: Floats

    @property
    def alone(self) -> Bools:
        """Where there is nobody to talk to."""
        return self.size <= 1


def group_of(size: Ints | Floats, stride: Ints | Floats | int, cluster: Cluster) -> Group:
    """`size` ranks, `stride` apart."""
    inside = np.clip(np.floor(cluster.domain / stride), 1.0, size)
    return Group(size=np.asarray(size, dtype=np.float64), inside=inside, outside=np.ceil(size / inside))


def gather_seconds(
    total_bytes: Floats, group: Group, cluster: Cluster, *, start_s: Number, messages: Floats | float = 1.0
) -> Floats:
    """All-gathers that leave `total_bytes` in all on each rank; reduce-scatters of `total_bytes` take as long."""
    a_byte, a_message = gather_rates(group, cluster, start_s=start_s)
    return total_bytes * a_byte + messages * a_message


def gather_rates(group: Group, cluster: Cluster, *, start_s: Number) -> tuple[Floats, Floats]:
    """Seconds that an all-gather takes for each byte and for each message."""
    near = 1.0 / group.inside
    a_byte = (1.0 - near) / cluster.intra_bytes_per_s
    a_byte = a_byte + near * (1.0 - 1.0 / group.outside) * _inverse(cluster.inter_bytes_per_s)
    return a_byte, np.where(group.alone, 0.0, _ring_latency(group, cluster, start_s=start_s))


def exchange_seconds(held_bytes: Floats, group: Group, cluster: Cluster, *, start_s: float) -> Floats:
    """All-to-all: every rank holds `held_bytes` and sends an equal part to each; both levels work at once."""
    inside = held_bytes * (group.inside - 1.0) / group.size / cluster.intra_bytes_per_s
    outside = held_bytes * (group.size - group.inside) / group.size * _inverse(cluster.inter_bytes_per_s)
    latency = _latency(group, cluster, start_s=start_s)
    return np.where(group.alone, 0.0, np.maximum(inside, outside) + latency)


def dispatch_seconds(
    token_bytes: Floats, group: Group, cluster: Cluster, *, copies: Number, start_s: Number, merged: bool = True
) -> tuple[Floats, Floats]:
    """Every rank sends tokens of `token_bytes` in all, each to `copies` random experts; both levels work at once.

    Seconds until the first token arrives, and while they move. A token travels once to each member that holds some of
    its experts, or once for each expert where the exchange is not `merged`. The way back (each token's results, added
    up in a domain before they leave it) takes as long.
    """
    if merged:
        members = group.size * (1.0 - (1.0 - 1.0 / group.size) ** copies)
        reached = (group.outside - 1.0) * (1.0 - (1.0 - 1.0 / group.outside) ** copies)
    else:
        members, reached = copies * np.ones_like(group.size), copies * (1.0 - 1.0 / group.outside)
    inside = token_bytes * members * (1.0 - 1.0 / group.inside) / cluster.intra_bytes_per_s
    outside = token_bytes * reached * _inverse(cluster.inter_bytes_per_s)
    latency = np.where(group.alone, 0.0, _latency(group, cluster, start_s=start_s))
    return latency, np.where(group.alone, 0.0, np.maximum(inside, outside))


def send_seconds(sent_bytes: Floats, distance: Floats, cluster: Cluster) -> Floats:
    """One message to the rank `distance` away."""
    near = sent_bytes / cluster.intra_bytes_per_s + cluster.intra_latency_s
    far = sent_bytes * _inverse(cluster.inter_bytes_per_s) + cluster.inter_latency_s
    return np.where(distance < cluster.domain, near, far)


def _latency(group: Group, cluster: Cluster, *, start_s: Number) -> Floats:
    return start_s + cluster.intra_latency_s * np.log2(group.inside) + cluster.inter_latency_s * np.log2(group.outside)


def _ring_latency(group: Group, cluster: Cluster, *, start_s: Number) -> Floats:
    hop = cluster.inter_latency_s + (group.inside - 1.0) * cluster.intra_latency_s
    return start_s + cluster.intra_latency_s * np.log2(group.inside) + (group.outside - 1.0) * hop


def _inverse(bytes_per_s: Number) -> Number:
    """Seconds a byte; a cluster of one domain has no second level and never uses it."""
    return np.where(np.asarray(bytes_per_s) > 0.0, 1.0 / np.maximum(bytes_per_s, 1.0), 0.0)
