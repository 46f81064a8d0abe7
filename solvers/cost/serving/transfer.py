"""The KV cache of a prompt on its way from prefill to decode: bytes of a token, and the link it takes.

All layers and all distinct heads travel once, whatever the layouts on both sides; states and windows travel whole,
spread over the prompt. Between nodes each GPU of the smaller side sends over its share of the NICs; within a node over
its link.
"""

from dataclasses import dataclass

from solvers.catalogue import Model, Node
from solvers.cost.serving.job import Layout, Numerics
from solvers.cost.serving.work import work_of


@dataclass(frozen=True)
class Transfer:
    """Bytes of a token of a prompt, bytes/s into one decode replica, seconds before the first byte."""

    bytes_per_token: float
    bytes_per_s: float
    latency_s: float


# Handshake, block list and the first request of a transfer (NIXL, Mooncake): estimate.
START_S = 2e-3


def transfer_of(
    model: Model, numerics: Numerics, node: Node, *, prefill: Layout, decode: Layout, prompt: float, between_nodes: bool
) -> Transfer:
    """What it takes to move prompts of `prompt` tokens between replicas of these layouts."""
    gpus = min(prefill.gpus, decode.gpus)
    network = node.nic
    if between_nodes and network is not None:
        rate, latency = node.nic_bytes_per_s_per_gpu * network.achievable, network.latency_s
    else:
        rate, latency = node.link.bytes_per_s * node.link.achievable, node.link.latency_s
    return Transfer(cache_bytes(model, numerics, prompt) / max(prompt, 1.0), rate * gpus, latency + START_S)


def cache_bytes(model: Model, numerics: Numerics, tokens: float) -> float:
    """Bytes of the whole cache of a sequence of `tokens`, each head once."""
    work = work_of(model, Layout(), numerics, None)
    attention, state = work.attention, work.recurrence
    full = attention.full_layers * (attention.kv_bytes + attention.index_bytes) * tokens
    window = attention.window_layers * attention.kv_bytes * min(tokens, float(attention.window))
    return full + window + state.layers * state.state_bytes
