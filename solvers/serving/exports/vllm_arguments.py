"""A replica as arguments of `vllm serve`. Names are those of vLLM 0.33."""

import json

from solvers.exports.refuse import Rule
from solvers.exports.shell import Argument, Raw
from solvers.serving.exports.served import Replicas, Served

ONLINE = ("fp8",)
DTYPES = {"bf16": "bfloat16", "fp16": "float16"}
# The ranks for which vLLM compiles its LoRA kernels.
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
TRANSFER = {"kv_connector": "NixlConnector", "kv_role": "kv_both"}


def arguments(served: Served, pool: Replicas) -> list[Argument]:
    """Everything but the model, the address and the place among nodes."""
    found: list[Argument] = [("--tensor-parallel-size", str(pool.tp)), ("--pipeline-parallel-size", str(pool.pp))]
    if pool.dp > 1:
        found.append(("--data-parallel-size", str(pool.dp)))
    if pool.ep > 1:
        found.append(("--enable-expert-parallel",))
    found += [
        ("--max-model-len", str(pool.max_model_len)),
        ("--max-num-seqs", str(pool.max_num_seqs)),
        ("--max-num-batched-tokens", str(pool.max_num_batched_tokens)),
        ("--gpu-memory-utilization", f"{pool.gpu_memory_utilization:g}"),
        ("--block-size", str(pool.block_size)),
        ("--enable-chunked-prefill" if pool.chunked_prefill else "--no-enable-chunked-prefill",),
        ("--enable-prefix-caching" if pool.prefix_caching else "--no-enable-prefix-caching",),
        *_numbers(pool),
    ]
    if pool.policy != "fcfs":
        found.append(("--scheduling-policy", pool.policy))
    if pool.speculation:
        found.append(("--speculative-config", _draft(pool.speculation)))
    if served.adapters:
        rank = next((known for known in RANKS if known >= served.adapters["rank"]), RANKS[-1])
        found += [("--enable-lora",), ("--max-loras", str(served.adapters["count"])), ("--max-lora-rank", str(rank))]
    if served.apart:
        found.append(("--kv-transfer-config", json.dumps(TRANSFER)))
    return found


def rules(served: Served) -> list[Rule]:
    """What vLLM has no words for."""
    return [rule for pool in served.pools for rule in _rules(served, pool)]


def draft_model(served: Served) -> bool:
    """Whether a draft model has to be named."""
    return any(pool.speculation and pool.speculation.get("draft_parameters") for pool in served.pools)


def _rules(served: Served, pool: Replicas) -> list[Rule]:
    spread = pool.tp * pool.dp
    rank = served.adapters["rank"] if served.adapters else 0
    return [
        Rule(
            pool.ep not in (1, spread),
            f"{pool.at}/layout/ep",
            f"vLLM spreads experts over all {spread} GPUs of a stage or over none; the plan wants {pool.ep}.",
            f"Plan again with `options: {{fix: {{ep: {spread}}}}}`.",
        ),
        Rule(
            not pool.chunked_prefill and pool.max_num_batched_tokens < pool.max_model_len,
            f"{pool.at}/engine/max_num_batched_tokens",
            f"Without chunks vLLM wants room for a whole request of {pool.max_model_len:,} tokens in each step.",
        ),
        Rule(
            pool.max_num_batched_tokens < pool.max_num_seqs,
            f"{pool.at}/engine/max_num_batched_tokens",
            "vLLM wants at least one token in a step for each sequence.",
        ),
        Rule(rank > RANKS[-1], "/plan/adapters/rank", f"vLLM's adapters have a rank of at most {RANKS[-1]}."),
    ]


def _numbers(pool: Replicas) -> list[Argument]:
    found: list[Argument] = [("--dtype", DTYPES.get(pool.weights, "auto"))]
    if pool.weights in ONLINE:
        found.append(("--quantization", pool.weights))
    return [*found, ("--kv-cache-dtype", "fp8" if pool.kv == "fp8" else "auto")]


def _draft(draft: dict[str, object]) -> str:
    tokens = draft["tokens"]
    if draft.get("draft_parameters"):
        return Raw('"{\\"model\\": \\"${DRAFT_MODEL}\\", \\"num_speculative_tokens\\": ' + str(tokens) + '}"')
    return json.dumps({"method": "ngram", "num_speculative_tokens": tokens, "prompt_lookup_max": 4})
