"""Results to export, written by hand so that no search decides what the golden files hold."""

from solvers.serving.spec import ServingSpec

HASH = "0123456789abcdef" * 4
GB = 1e9
SLO = {"ttft": "500 ms", "tpot": "50 ms", "attainment": 0.9}
CHAT = {"rate": "12 /s", "input": 1024, "output": {"mean": 256, "cv": 1.0}}
H100 = {"node": "dgx-h100", "nodes": 2}
SPECS = {
    "plain": {"model": "llama-3.1-8b", "hardware": H100, "traffic": CHAT},
    "apart": {
        "model": "llama-3.1-70b", "hardware": H100, "traffic": CHAT, "precision": {"weights": "fp8", "kv": "fp8"},
    },
    "wide": {"model": "deepseek-v3", "hardware": {"node": "hgx-h200", "nodes": 2}, "traffic": CHAT},
    "experts": {
        "model": "qwen3-235b-a22b", "hardware": H100, "traffic": CHAT, "engine": {"name": "sglang"},
        "adapters": {"count": 4, "rank": 16},
    },
    "handed": {"model": "llama-3.1-8b", "hardware": H100, "traffic": CHAT, "engine": {"name": "sglang"}},
    "four-bit": {"model": "llama-3.1-70b", "hardware": H100, "traffic": CHAT, "precision": {"weights": "w4a16"}},
    "compiled": {"model": "llama-3.1-70b", "hardware": H100, "traffic": CHAT, "engine": {"name": "trtllm"}},
    "compiled-apart": {"model": "llama-3.1-8b", "hardware": H100, "traffic": CHAT, "engine": {"name": "trtllm"}},
}  # fmt: skip
ENGINE = {
    "max_num_seqs": 128, "max_num_batched_tokens": 2048, "chunked_prefill": True, "prefix_caching": True,
    "block_size": 16, "kv_blocks": 20000, "gpu_memory_utilization": 0.9, "max_model_len": 16384, "policy": "fcfs",
    "speculation": None,
}  # fmt: skip
MEMORY = {
    "weights_bytes": 36 * GB, "kv_bytes": 30 * GB, "activation_bytes": 2 * GB, "other_bytes": 4 * GB,
    "total_bytes": 72 * GB, "capacity_bytes": 80 * GB,
}  # fmt: skip


def pool(role="both", *, replicas=2, engine=None, precision=("bf16", "fp16"), **layout):
    degrees = {"tp": 1, "pp": 1, "dp": 1, "ep": 1} | layout
    return {
        "role": role, "replicas": replicas, "gpus_per_replica": degrees["tp"] * degrees["pp"] * degrees["dp"],
        "layout": degrees, "engine": ENGINE | (engine or {}),
        "precision": {"weights": precision[0], "kv": precision[1]}, "memory": dict(MEMORY),
    }  # fmt: skip


POOLS = {
    "plain": [pool()],
    "apart": [
        pool("prefill", replicas=1, tp=4, precision=("fp8", "fp8"), engine={"max_num_batched_tokens": 8192}),
        pool("decode", replicas=2, tp=2, precision=("fp8", "fp8"), engine={"max_num_seqs": 256}),
    ],
    "wide": [pool(replicas=1, tp=8, dp=2, ep=16, precision=("fp8", "fp16"))],
    "experts": [pool(replicas=2, tp=1, dp=8, ep=8, precision=("bf16", "fp8"), engine={"policy": "priority"})],
    "handed": [pool("prefill", replicas=2), pool("decode", replicas=1, engine={"prefix_caching": False})],
    "four-bit": [
        pool(
            replicas=4, tp=2, precision=("w4a16", "fp16"),
            engine={"chunked_prefill": False, "max_num_batched_tokens": 16384, "speculation": {
                "tokens": 3, "acceptance": 0.7, "draft_parameters": 1e9}},
        )
    ],
    "compiled": [pool(replicas=1, tp=4, engine={"block_size": 32, "speculation": {
        "tokens": 3, "acceptance": 0.6, "draft_parameters": None}})],
    "compiled-apart": [pool("prefill", replicas=1), pool("decode", replicas=2)],
}  # fmt: skip
ROUTINGS = {"experts": "prefix_aware", "plain": "least_work", "apart": "least_work", "four-bit": "least_work"}


def result(name, *, pools=None, **plan):
    """The result of a case, with changes to its plan."""
    spec = ServingSpec.model_validate({"kind": "serving", "slo": SLO, **SPECS[name]})
    chosen = pools or POOLS[name]
    gpus = sum(one["replicas"] * one["gpus_per_replica"] for one in chosen)
    return {
        "kind": "serving", "status": "solved", "spec_hash": HASH, "spec": spec.model_dump(mode="json"),
        "plan": {
            "label": " + ".join(f"{one['replicas']} x TP{one['layout']['tp']}" for one in chosen),
            "mode": "disaggregated" if len(chosen) > 1 else "colocated",
            "gpus": gpus, "nodes": -(-gpus // spec.hardware.node.gpus), "usd_per_hour": None,
            "routing": ROUTINGS.get(name, "round_robin"), "transfer": None, "pools": chosen,
            "engine": {"name": spec.engine.name, "version": spec.engine.version},
            "adapters": SPECS[name].get("adapters"), "rate_per_s": 12.0,
        } | plan,
    }  # fmt: skip


# Which case shows which format, and what each export fixes.
GOLDEN = [
    ("plain", "vllm"), ("plain", "kubernetes"), ("plain", "compose"), ("plain", "llm-d"), ("plain", "bench"),
    ("apart", "vllm"), ("apart", "dynamo"), ("apart", "llm-d"),
    ("wide", "vllm"), ("wide", "kubernetes"), ("wide", "dynamo"), ("wide", "llm-d"),
    ("four-bit", "vllm"), ("four-bit", "compose"),
    ("experts", "sglang"), ("experts", "dynamo"),
    ("handed", "sglang"), ("handed", "compose"),
    ("compiled", "trtllm"), ("compiled", "kubernetes"), ("compiled", "dynamo"), ("compiled", "compose"),
    ("compiled-apart", "trtllm"),
]  # fmt: skip
