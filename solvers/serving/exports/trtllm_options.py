"""A replica as the options of TensorRT-LLM's `trtllm-serve --config`. Names are those of its LLM API 1.3."""

from typing import Any

from solvers.documents import Document
from solvers.exports.refuse import Rule
from solvers.serving.exports.served import Replicas, Served

# TensorRT-LLM reads the precision of weights from the checkpoint.
ONLINE: tuple[str, ...] = ()
# Blocks that came and went which a server keeps for whoever routes by them, as in TensorRT-LLM's own example.
EVENTS = 1024


def options(served: Served, pool: Replicas) -> Document:
    """The configuration of one replica."""
    found: dict[str, Any] = {
        "tensor_parallel_size": pool.tp * pool.dp,
        "pipeline_parallel_size": pool.pp,
        "gpus_per_node": served.gpus_per_node,
        "max_seq_len": pool.max_model_len,
        "max_batch_size": pool.max_num_seqs,
        "max_num_tokens": pool.max_num_batched_tokens,
        "enable_chunked_prefill": pool.chunked_prefill,
        "kv_cache_config": {
            "enable_block_reuse": pool.prefix_caching,
            "free_gpu_memory_fraction": round(pool.kv_of_free, 3),
            "dtype": "fp8" if pool.kv == "fp8" else "auto",
            "tokens_per_block": pool.block_size,
            **({"event_buffer_max_size": EVENTS} if served.routing == "prefix_aware" else {}),
        },
        "cuda_graph_config": {"max_batch_size": pool.max_num_seqs, "enable_padding": True},
    }
    if pool.dp > 1:
        found["enable_attention_dp"] = True
    if pool.ep > 1:
        found["moe_expert_parallel_size"] = pool.ep
    if draft := pool.speculation:
        found["speculative_config"] = _draft(draft)
    if adapters := served.adapters:
        found["lora_config"] = {"max_lora_rank": adapters["rank"], "max_loras": adapters["count"]}
    if served.apart:
        found["cache_transceiver_config"] = {"backend": "NIXL", "max_tokens_in_buffer": pool.max_model_len}
        if pool.role == "prefill":
            found["disable_overlap_scheduler"] = True
    return found


def rules(served: Served) -> list[Rule]:
    """What TensorRT-LLM has no words for."""
    return [rule for pool in served.pools for rule in _rules(pool)]


def _rules(pool: Replicas) -> list[Rule]:
    return [
        Rule(
            pool.dp > 1 and pool.tp > 1,
            f"{pool.at}/layout/dp",
            "TensorRT-LLM's data-parallel attention takes every GPU for a rank of its own.",
            "Plan again with `options: {fix: {tp: 1}}`.",
        ),
        Rule(
            pool.tp * pool.dp % pool.ep > 0,
            f"{pool.at}/layout/ep",
            f"TensorRT-LLM spreads experts over a divisor of {pool.tp * pool.dp} GPUs; the plan wants {pool.ep}.",
        ),
        Rule(
            pool.policy == "priority",
            f"{pool.at}/engine/policy",
            "trtllm-serve has no priorities of requests.",
        ),
        Rule(
            pool.block_size & (pool.block_size - 1) > 0,
            f"{pool.at}/engine/block_size",
            "TensorRT-LLM's blocks hold a power of two of tokens.",
        ),
    ]


def _draft(draft: Document) -> Document:
    if draft.get("draft_parameters"):
        return {
            "decoding_type": "Draft_Target",
            "max_draft_len": draft["tokens"],
            "speculative_model_dir": "${DRAFT_MODEL}",
        }
    return {"decoding_type": "NGram", "max_draft_len": draft["tokens"], "max_matching_ngram_size": 4}
