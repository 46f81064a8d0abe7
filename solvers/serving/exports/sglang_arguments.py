"""A replica as arguments of SGLang's server and router. Names are those of SGLang 0.5.23 and its router 0.3."""

from solvers.exports.refuse import Rule
from solvers.exports.shell import Argument, Raw
from solvers.serving.exports.served import Replicas, Served

ONLINE = ("fp8",)
DTYPES = {"bf16": "bfloat16", "fp16": "float16"}
BOOTSTRAP_PORT = 8998
# The router's nearest words for a plan's routing.
POLICIES = {"round_robin": "round_robin", "least_work": "power_of_two", "prefix_aware": "cache_aware"}


def arguments(served: Served, pool: Replicas) -> list[Argument]:
    """Everything but the model, the address and the place among nodes."""
    found: list[Argument] = [("--tp-size", str(pool.tp * pool.dp)), ("--pp-size", str(pool.pp))]
    if pool.dp > 1:
        found += [("--dp-size", str(pool.dp)), ("--enable-dp-attention",)]
    if pool.ep > 1:
        found.append(("--ep-size", str(pool.ep)))
    # SGLang shares both among the ranks of attention; the plan counts them for each.
    tokens = str(pool.max_num_batched_tokens * pool.dp)
    found += [
        ("--context-length", str(pool.max_model_len)),
        ("--max-running-requests", str(pool.max_num_seqs * pool.dp)),
        ("--chunked-prefill-size", tokens if pool.chunked_prefill else "-1"),
        ("--max-prefill-tokens", tokens),
        ("--mem-fraction-static", f"{pool.static:.3f}"),
        ("--page-size", str(pool.block_size)),
        ("--dtype", DTYPES.get(pool.weights, "auto")),
        *([("--quantization", pool.weights)] if pool.weights in ONLINE else []),
        ("--kv-cache-dtype", "fp8_e4m3" if pool.kv == "fp8" else "auto"),
    ]
    if pool.chunked_prefill and pool.role == "both":
        found.append(("--enable-mixed-chunk",))
    if not pool.prefix_caching:
        found.append(("--disable-radix-cache",))
    if pool.policy == "priority":
        found += [("--enable-priority-scheduling",), ("--schedule-low-priority-values-first",)]
    found += [*_draft(pool), *_adapters(served)]
    if served.apart:
        found += [
            ("--disaggregation-mode", pool.role),
            ("--disaggregation-transfer-backend", "nixl"),
            ("--disaggregation-bootstrap-port", str(BOOTSTRAP_PORT)),
        ]
    return found


def router(served: Served, *, prefill: list[str], decode: list[str], workers: list[str]) -> list[Argument]:
    """Arguments of the router for the addresses of the replicas."""
    policy = POLICIES[served.routing]
    if not served.apart:
        return [("--worker-urls", *workers), ("--policy", policy)]
    return [
        ("--pd-disaggregation",),
        *(("--prefill", address, str(BOOTSTRAP_PORT)) for address in prefill),
        *(("--decode", address) for address in decode),
        ("--prefill-policy", policy),
        ("--decode-policy", "round_robin" if policy == "round_robin" else "power_of_two"),
    ]


def rules(served: Served) -> list[Rule]:
    """What SGLang has no words for."""
    return [
        Rule(
            pool.tp * pool.dp % pool.ep > 0,
            f"{pool.at}/layout/ep",
            f"SGLang spreads experts over a divisor of {pool.tp * pool.dp} GPUs; the plan wants {pool.ep}.",
        )
        for pool in served.pools
    ]


def _draft(pool: Replicas) -> list[Argument]:
    draft = pool.speculation
    if not draft:
        return []
    tokens = str(draft["tokens"] + 1)
    if not draft.get("draft_parameters"):
        return [("--speculative-algorithm", "NGRAM"), ("--speculative-num-draft-tokens", tokens)]
    return [
        ("--speculative-algorithm", "STANDALONE"),
        ("--speculative-draft-model-path", Raw('"${DRAFT_MODEL}"')),
        ("--speculative-num-steps", str(draft["tokens"])),
        ("--speculative-eagle-topk", "1"),
        ("--speculative-num-draft-tokens", tokens),
    ]


def _adapters(served: Served) -> list[Argument]:
    if not served.adapters:
        return []
    return [
        ("--enable-lora",),
        ("--max-loras-per-batch", str(served.adapters["count"])),
        ("--max-lora-rank", str(served.adapters["rank"])),
        ("--lora-target-modules", "all"),
    ]
