"""Results to export, written by hand so that no search decides what the golden files hold."""

import math

HASH = "0123456789abcdef" * 4
PLAIN = {
    "tp": 1, "pp": 1, "vpp": 1, "dp": 8, "cp": 1, "ep": 1, "micro_batch": 16, "micro_batches": 1,
    "sequence_parallel": False, "schedule": "1f1b", "recompute": "none", "zero": 1,
}  # fmt: skip
SIZES = {
    "70m": {"layers": 8, "hidden": 512, "ffn": 2048, "heads": 8, "kv_heads": 2},
    "410m": {"layers": 16, "hidden": 1024, "ffn": 4096, "heads": 16, "kv_heads": 4},
    "7b": {"layers": 32, "hidden": 4096, "ffn": 16384, "heads": 64, "kv_heads": 16},
}  # fmt: skip
PARAMS = {"70m": 33_570_304.0, "410m": 243_303_424.0, "7b": 7_784_894_464.0}
SEQUENCE = 4096


def model(size):
    return {
        **SIZES[size], "head_size": 64, "vocabulary": 32000, "params_body": PARAMS[size],
        "params_total": PARAMS[size] + 32000 * SIZES[size]["hidden"],
    }  # fmt: skip


def around(value, factor=1.5):
    return {"value": value, "low": value / factor, "high": value * factor}


def tuned(tokens, *, batch=64, rate=2.1e-3, schedule="wsd", warmup=200):
    steps = math.ceil(tokens / (batch * SEQUENCE))
    return {
        "learning_rate": around(rate), "batch_tokens": around(batch * SEQUENCE, 2.0), "batch_sequences": batch,
        "sequence_length": SEQUENCE, "steps": steps, "warmup_steps": warmup, "schedule": schedule,
        "decay": "sqrt" if schedule == "wsd" else schedule, "decay_steps": steps // 5 if schedule == "wsd" else 0,
        "final_rate_share": 0.0 if schedule == "wsd" else 0.1, "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.95,
        "source": "rule:step-law", "warnings": [],
    }  # fmt: skip


def rung(name, size, tokens, *, trunk=None, gpus=8, **learning):
    flops = 6 * PARAMS[size] * tokens
    hours = None if gpus is None else flops / 4e14 / 3600
    return {
        "name": name, "params": PARAMS[size], "tokens": tokens, "flops": flops, "gpus": gpus, "gpu_hours": hours,
        "gpu_hours_alone": hours, "tokens_per_s": None if gpus is None else gpus * 4e14 / 6 / PARAMS[size],
        "mfu": None if gpus is None else 0.4, "trunk": trunk, "before": 0.021, "after": 0.018, "alone_after": 0.019,
        "model": model(size), "training": tuned(tokens, **learning),
    }  # fmt: skip


def carried(one):
    """The rung with a learning rate that was tuned at a width of 256."""
    m = one["model"]["hidden"] / 256
    factors = {
        "input_rate": 1.0, "hidden_rate": 1 / m, "output_rate": 1 / m,
        "input_spread": 1.0, "hidden_spread": m**-0.5, "output_spread": 1 / m,
    }  # fmt: skip
    mup = {"tuned_width": 256, "width": one["model"]["hidden"], **factors}
    told = {"learning_rate": around(0.01), "source": "mup", "mup": mup}
    return {**one, "training": {**one["training"], **told}}


def planned_on(size, gpus, **layout):
    return {
        "params": PARAMS[size], "gpus": gpus, "nodes": -(-gpus // 8), "tokens_per_s": around(1e6), "mfu": 0.4,
        "plan": "as planned", "layout": {**PLAIN, "dp": gpus, **layout},
    }  # fmt: skip


HARDWARE = {"node": "dgx-h100", "nodes": 8}
LADDERS = {
    # Two lengths from one trunk, a run of its own beside them, one on fewer GPUs, and the big run on all.
    "tree": {
        "spec": {"kind": "scaling", "hardware": HARDWARE, "options": {"precision": "bf16"}},
        "rungs": [
            rung("70m-1.3b", "70m", 1.31072e9, trunk="70m-5.2b"),
            rung("70m-5.2b", "70m", 5.24288e9, trunk="70m-5.2b"),
            rung("410m-2.6b", "410m", 2.62144e9, batch=128, rate=1.2e-3),
            rung("70m-small", "70m", 6.5536e8, gpus=2, batch=32, rate=2.5e-3),
        ],
        "throughput": [
            planned_on("70m", 8), planned_on("410m", 8, micro_batch=8, recompute="selective"),
            planned_on("70m", 2), planned_on("7b", 64, micro_batch=2, zero=1, tp=2, dp=32, sequence_parallel=True),
        ],
        "big": {"size": "7b", "tokens": 2.097152e11, "gpus": 64, "batch": 1024, "rate": 4e-4},
        "saving": 0.11,
        "tuning": {
            "flat": {"excess": 0.001, "learning_rate": [2e-4, 8e-4, 4.4e-4], "batch_tokens": [1e6, 8e6, 4e6]},
            "best": {"learning_rate": around(4e-4), "batch_tokens": around(4e6)},
        },
    },
    # The learning rate of a narrow model, carried over by muP; on hardware, and for no script all the same.
    "carried": {
        "spec": {"kind": "scaling", "hardware": HARDWARE},
        "rungs": [carried(rung("a", "70m", 1.31072e9)), carried(rung("b", "410m", 2.62144e9))],
        "throughput": [planned_on("70m", 8), planned_on("410m", 8)],
        "big": {"size": "7b", "tokens": 2.097152e11, "gpus": None, "batch": 1024, "rate": 0.01},
        "saving": None,
    },
    # No hardware: a first ladder in FLOP, each run with its own cosine, on losses in bits a byte.
    "plain": {
        "spec": {"kind": "scaling"},
        "rungs": [
            rung("a", "70m", 1.31072e9, gpus=None, schedule="cosine"),
            rung("b", "410m", 2.62144e9, gpus=None, schedule="cosine", rate=1.2e-3),
        ],
        "throughput": [],
        "big": {"size": "7b", "tokens": 2.097152e11, "gpus": None, "batch": 1024, "rate": 4e-4},
        "saving": None,
        "loss_unit": "bits/byte",
    },
}  # fmt: skip


def result(name, **plan):
    """The result of a case, with changes to its plan."""
    case = LADDERS[name]
    whole = case["big"]
    size, tokens = whole["size"], whole["tokens"]
    return {
        "kind": "scaling", "status": "solved", "spec_hash": HASH, "spec": case["spec"],
        "plan": {
            "target": {
                "params": PARAMS[size], "tokens": tokens, "flops": 6 * PARAMS[size] * tokens, "gpus": whole["gpus"],
                "counts": "non-embedding", "loss_unit": case.get("loss_unit", "nats/token"),
            },
            "model": model(size),
            "training": tuned(tokens, batch=whole["batch"], rate=whole["rate"]), "tuning": case.get("tuning"),
            "ladder": {
                "rungs": case["rungs"], "throughput": case["throughput"], "tree_saving": case["saving"],
                "gpu_hours": None, "flops": sum(one["flops"] for one in case["rungs"]),
            },
        } | plan,
    }  # fmt: skip


# Which case shows which format.
GOLDEN = [
    ("tree", "ladder"), ("tree", "wandb"), ("tree", "optuna"), ("tree", "megatron"), ("tree", "torchtitan"),
    ("tree", "slurm"), ("plain", "ladder"), ("plain", "wandb"), ("plain", "optuna"),
    ("carried", "ladder"), ("carried", "wandb"), ("carried", "optuna"),
]  # fmt: skip
