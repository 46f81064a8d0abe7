"""Results to export, written by hand so that no search decides what the golden files hold."""

from solvers import kinds
from solvers.cost.pipeline import layers_per_stage
from solvers.training.plan import label
from solvers.training.staging import plain_parts

HASH = "0123456789abcdef" * 4
PLAIN = {
    "tp": 1, "pp": 1, "vpp": 1, "dp": 1, "cp": 1, "ep": 1, "micro_batch": 1, "sequence_parallel": False,
    "schedule": "1f1b", "recompute": "none", "zero": 0,
}  # fmt: skip
OWN = {"name": "own", "layers": 16, "hidden": 2048, "ffn": 8192, "heads": 32, "kv_heads": 8, "vocab": 32000}
SPECS = {
    "dense": {
        "model": "llama-3.1-70b", "hardware": {"node": "dgx-h100", "nodes": 64}, "sequence_length": 8192,
        "global_batch": 1024, "tokens": 1.4e12,
    },
    "sharded": {
        "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": 1}, "sequence_length": 8192,
        "global_batch": 64, "tokens": 20e9, "precision": "fp8",
    },
    "experts": {
        "model": "qwen3-30b-a3b", "hardware": {"node": "dgx-h100", "nodes": 8}, "sequence_length": 4096,
        "global_batch": 512, "tokens": 400e9,
    },
    "latent": {
        "model": "deepseek-v3", "hardware": {"node": "hgx-h800", "nodes": 256}, "sequence_length": 4096,
        "global_batch": 15360, "tokens": 14.8e12, "precision": "fp8",
    },
    "classic": {
        "model": "gpt3-175b", "hardware": {"node": "dgx-a100-80", "nodes": 64}, "sequence_length": 2048,
        "global_batch": 1536, "precision": "fp16",
        "software": {"attention": "unfused", "dropout": True, "overlap": False, "gradient_bytes": 2},
    },
    "own": {
        "model": OWN, "hardware": {"node": "dgx-h100", "nodes": 2}, "sequence_length": 2048, "global_batch": 64,
    },
}  # fmt: skip
LAYOUTS = {
    "dense": {
        "tp": 4, "pp": 4, "vpp": 5, "dp": 32, "sequence_parallel": True, "schedule": "interleaved",
        "recompute": "selective", "zero": 1,
    },
    "sharded": {"dp": 8, "micro_batch": 2, "recompute": "full", "zero": 3},
    "experts": {"dp": 64, "ep": 8, "micro_batch": 2, "recompute": "selective", "zero": 3},
    "latent": {"pp": 16, "dp": 128, "ep": 64, "zero": 1},
    "classic": {
        "tp": 8, "pp": 8, "vpp": 3, "dp": 8, "sequence_parallel": True, "schedule": "interleaved",
        "recompute": "selective", "zero": 1,
    },
    "own": {"dp": 16, "micro_batch": 4, "recompute": "full", "zero": 2},
}  # fmt: skip


# Steps between checkpoints; results of cases that are not named here are older than that number.
SAVES = {"dense": 296, "sharded": 14902}


def result(name, *, spec=None, layout=None):
    """The result of a case, with changes."""
    question = kinds.parse({"kind": "training", **SPECS[name], **(spec or {})})
    chosen = {**PLAIN, **LAYOUTS[name], **(layout or {})}
    chosen["micro_batches"] = question.global_batch // (chosen["dp"] * chosen["micro_batch"])
    gpus = chosen["tp"] * chosen["pp"] * chosen["dp"] * chosen["cp"]
    return {
        "kind": "training",
        "status": "solved",
        "spec_hash": HASH,
        "spec": kinds.spec_document(question),
        "plan": {
            "label": label(chosen),
            "layout": chosen,
            "gpus": gpus,
            "nodes": -(-gpus // question.hardware.node.gpus),
            "layers_per_stage": list(layers_per_stage(question.model.layers, chosen["pp"])),
            "layers_per_chunk": list(plain_parts(question.model.layers, chosen["pp"], chosen["pp"] * chosen["vpp"])),
            **({"run": {"interval_steps": SAVES[name]}} if name in SAVES else {}),
        },
    }


# Which case shows which format, and what each export fixes.
GOLDEN = [
    ("dense", "megatron"), ("dense", "bridge"), ("dense", "slurm"), ("dense", "kubernetes"),
    ("sharded", "megatron"), ("sharded", "bridge"), ("sharded", "torchtitan"),
    ("experts", "megatron"), ("experts", "torchtitan"),
    ("latent", "megatron"), ("latent", "bridge"),
    ("classic", "megatron"), ("classic", "bridge"),
    ("own", "bridge"), ("own", "torchtitan"), ("own", "deepspeed"), ("own", "slurm"),
]  # fmt: skip
