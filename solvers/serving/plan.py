"""A candidate as the answer shows it: label, pools, settings, memory, money."""

from solvers.cost.serving.job import Layout
from solvers.cost.serving.memory import BLOCK_TOKENS
from solvers.documents import Document
from solvers.serving.candidate import Candidate, transfer
from solvers.serving.setup import Group, Setup, Shop

SHOWN = {"fp8_block": "fp8"}
ROLES = {"both": "", "prefill": " prefill", "decode": " decode"}


def layout_label(layout: Layout) -> str:
    """`TP2 PP2`, `DP8 EP8`: the degrees above one, TP1 where there are none."""
    degrees = {"TP": layout.tp, "PP": layout.pp, "DP": layout.dp, "EP": layout.ep}
    told = [f"{name}{degree}" for name, degree in degrees.items() if degree > 1]
    return " ".join(told) or "TP1"


def label(candidate: Candidate) -> str:
    """One line that tells plans apart: `2 x TP2 prefill + 3 x TP1 decode, FP8, KV FP8`."""
    pools = " + ".join(
        f"{group.replicas} x {layout_label(group.setup.layout)}{ROLES[group.role]}" for group in candidate.groups
    )
    numerics = candidate.groups[0].setup.numerics
    words = [pools, weights_word(numerics.weights).upper()]
    words += ["KV FP8"] if numerics.kv == "fp8" else []
    words += ["speculative"] if any(group.setup.speculative for group in candidate.groups) else []
    return ", ".join(words)


def weights_word(weights: str) -> str:
    """The spec's word for the kernel's."""
    return SHOWN.get(weights, weights)


def usd_per_hour(candidate: Candidate, shop: Shop) -> float | None:
    """Dollars an hour of all GPUs; None where nobody knows the price."""
    price = shop.spec.hardware.usd_per_gpu_hour
    return None if price is None else price * candidate.gpus


def nodes(candidate: Candidate, shop: Shop) -> int:
    """Nodes that the replicas lie on, each replica on as few as can be."""
    return -(-candidate.gpus // shop.spec.hardware.node.gpus)


def plan_document(candidate: Candidate, shop: Shop) -> Document:
    """The whole plan."""
    spec, moved = shop.spec, transfer(candidate, shop)
    adapters = spec.adapters
    return {
        "label": label(candidate),
        "mode": "disaggregated" if candidate.disaggregated else "colocated",
        "gpus": candidate.gpus,
        "nodes": nodes(candidate, shop),
        "usd_per_hour": usd_per_hour(candidate, shop),
        "routing": candidate.routing,
        "transfer": None if moved is None else {
            "bytes_per_token": moved.bytes_per_token, "bytes_per_s": moved.bytes_per_s, "latency_s": moved.latency_s,
        },
        "pools": [pool_document(group, shop) for group in candidate.groups],
        "engine": {"name": spec.engine.name, "version": spec.engine.version},
        "adapters": None if adapters is None else {"count": adapters.count, "rank": adapters.rank},
        "rate_per_s": spec.traffic.rate_per_s,
    }  # fmt: skip


def small_plan(candidate: Candidate) -> Document:
    """What a point of a chart carries."""
    return {
        "label": label(candidate),
        "mode": "disaggregated" if candidate.disaggregated else "colocated",
        "gpus": candidate.gpus,
        "pools": [
            {"role": group.role, "replicas": group.replicas, "gpus_per_replica": group.setup.gpus,
             "layout": layout_document(group.setup.layout)}
            for group in candidate.groups
        ],
    }  # fmt: skip


def layout_document(layout: Layout) -> Document:
    """The degrees."""
    return {"tp": layout.tp, "pp": layout.pp, "dp": layout.dp, "ep": layout.ep}


def pool_document(group: Group, shop: Shop) -> Document:
    """Equal replicas of one role."""
    setup = group.setup
    return {
        "role": group.role,
        "replicas": group.replicas,
        "gpus_per_replica": setup.gpus,
        "layout": layout_document(setup.layout),
        "engine": _engine(setup, shop),
        "precision": {"weights": weights_word(setup.numerics.weights), "kv": setup.numerics.kv},
        "memory": _memory(setup, shop),
    }


def _engine(setup: Setup, shop: Shop) -> Document:
    draft, used = shop.spec.speculation, shop.speculation(setup)
    return {
        "max_num_seqs": setup.max_num_seqs,
        "max_num_batched_tokens": setup.max_num_batched_tokens,
        "chunked_prefill": setup.chunked_prefill,
        "prefix_caching": setup.prefix_caching,
        "block_size": BLOCK_TOKENS,
        "kv_blocks": shop.blocks(setup),
        "gpu_memory_utilization": shop.spec.constraints.gpu_memory_utilization,
        "max_model_len": shop.max_model_len,
        "policy": "priority" if shop.spec.traffic.priorities else "fcfs",
        "speculation": None if used is None or draft is None else {
            "tokens": draft.tokens, "acceptance": draft.acceptance, "draft_parameters": draft.parameters,
        },
    }  # fmt: skip


def _memory(setup: Setup, shop: Shop) -> Document:
    memory = shop.memory(setup)
    return {
        "weights_bytes": memory.weights_bytes,
        "kv_bytes": memory.kv_bytes,
        "activation_bytes": memory.activation_bytes,
        "other_bytes": memory.other_bytes,
        "total_bytes": memory.total_bytes,
        "capacity_bytes": memory.capacity_bytes,
    }
