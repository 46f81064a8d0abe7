"""Results of kind `serving`, written by hand: round numbers whose sums, shares and sentences one can check by eye."""

import math
from statistics import NormalDist
from typing import Any

from solvers.documents import Document

QUANTILES = (0.01, 0.05, *(round(0.1 * step, 1) for step in range(1, 10)), 0.95, 0.97, 0.99, 0.995)
MEMORY = {
    "weights_bytes": 35e9, "kv_bytes": 30e9, "activation_bytes": 3e9, "other_bytes": 4e9, "total_bytes": 72e9,
    "capacity_bytes": 80e9,
}  # fmt: skip
ENGINE = {
    "max_num_seqs": 128, "max_num_batched_tokens": 2048, "chunked_prefill": True, "prefix_caching": True,
    "block_size": 16, "kv_blocks": 11600, "gpu_memory_utilization": 0.9, "max_model_len": 16384, "policy": "fcfs",
    "speculation": None,
}  # fmt: skip


def pool(role: str = "both", *, replicas: int = 4, tp: int = 2, **changes: Any) -> Document:
    """Equal replicas."""
    found = {
        "role": role,
        "replicas": replicas,
        "gpus_per_replica": tp,
        "layout": {"tp": tp, "pp": 1, "dp": 1, "ep": 1},
        "engine": dict(ENGINE),
        "precision": {"weights": "fp8", "kv": "fp8"},
        "memory": dict(MEMORY),
    }
    return found | changes


def estimate(value: float, spread: float = 0.1) -> Document:
    """A value with its interval, `spread` to both sides."""
    return {"value": value, "low": value * (1 - spread), "high": value * (1 + spread)}


def estimates(**changes: float) -> Document:
    """The estimates of the answer, or of another plan."""
    values = {
        "goodput_per_s": 15.0, "goodput_per_s_per_gpu": 1.875, "attainment_share": 0.96,
        "ttft_p50_s": 0.15, "ttft_p90_s": 0.312, "ttft_p99_s": 0.7,
        "tpot_p50_s": 0.021, "tpot_p90_s": 0.032, "tpot_p99_s": 0.041,
        "e2e_p50_s": 5.0, "e2e_p90_s": 9.0, "e2e_p99_s": 14.0,
        "output_tokens_per_s": 2640.0, "output_tokens_per_s_per_gpu": 330.0, "usd_per_million_tokens": 2.1,
        "cost_usd_per_hour": 20.0, "energy_j_per_token": 1.4, "kv_share": 0.42,
    }  # fmt: skip
    return {name: estimate(value) for name, value in (values | changes).items()}


def latency(median: float, sigma: float, slo: float | None) -> Document:
    """The quantiles of a log-normal latency with bounds of 8 % to both sides."""
    seconds = [median * math.exp(sigma * NormalDist().inv_cdf(share)) for share in QUANTILES]
    return {
        "slo_s": slo,
        "quantiles": [[share, value] for share, value in zip(QUANTILES, seconds, strict=True)],
        "low": [0.92 * value for value in seconds],
        "high": [1.08 * value for value in seconds],
    }


def curve() -> Document:
    """Attainment that falls from 1 at low rates through 0.9 at 15 requests a second."""
    points = [(2, 1, 0.99, 1), (6, 0.995, 0.98, 1), (10, 0.98, 0.96, 0.99), (12, 0.96, 0.94, 0.975)]
    points += [(14, 0.925, 0.9, 0.95), (15, 0.9, 0.86, 0.93), (16, 0.78, 0.7, 0.85), (18, 0.3, 0.2, 0.45)]
    return {
        "points": [
            {"rate_per_s": rate, "attainment": share, "low": low, "high": high} for rate, share, low, high in points
        ],
        "target": 0.9, "goodput_per_s": 15.0, "low": 14.1, "high": 15.6,
    }  # fmt: skip


def timeline(role: str = "both", steps: int = 240) -> Document:
    """A replica that fills slowly and swings."""
    swing = [math.sin(step / 9) + 0.5 * math.sin(step / 3.7) for step in range(steps)]
    fill = [1 - math.exp(-step / 40) for step in range(steps)]
    return {
        "replica": 0,
        "role": role,
        "end_s": [0.25 * (step + 1) for step in range(steps)],
        "batch": [round(60 * full + 8 * wave) if full > 0 else 0 for full, wave in zip(fill, swing, strict=True)],
        "waiting": [max(0, round(4 * wave - 3)) for wave in swing],
        "kv_share": [max(0.0, 0.4 * full + 0.04 * wave) for full, wave in zip(fill, swing, strict=True)],
        "prefill_tokens": [max(0, round(600 + 500 * wave)) for wave in swing],
    }


def other(label: str, *, gpus: int, pools: list[Document] | None = None, **changes: float) -> Document:
    """A plan beside the answer, as the frontier and the alternatives hold it."""
    found = estimates(cost_usd_per_hour=2.5 * gpus, **changes)
    plan = {"label": label, "mode": "colocated", "gpus": gpus, "nodes": 1, "pools": pools or [pool()]}
    names = ("cost_usd_per_hour", "goodput_per_s_per_gpu", "ttft_p90_s", "tpot_p90_s")
    return {"plan": plan, "estimates": found, "objectives": {name: found[name]["value"] for name in names}}


SPEC = {
    "kind": "serving", "version": 1, "seed": 0,
    "slo": {"ttft": 0.5, "tpot": 0.05, "e2e": None, "attainment": 0.9},
    "traffic": {"rate": 12.0},
    "hardware": {"nodes": 2, "node": {"name": "dgx-h100", "gpus": 8, "gpu": {"name": "h100-sxm"}}},
}  # fmt: skip


def solved(**changes: Any) -> Document:
    """A colocated plan of four replicas of two GPUs."""
    frontier = [
        other("4 × TP2, FP8", gpus=8),
        other("3 × TP4, FP8", gpus=12, pools=[pool(replicas=3, tp=4)], tpot_p90_s=0.022, ttft_p90_s=0.2),
        other("2 × TP8, FP8", gpus=16, pools=[pool(replicas=2, tp=8)], tpot_p90_s=0.016, ttft_p90_s=0.15),
    ]
    result = {
        "kind": "serving", "version": 1, "spec_hash": "0123456789abcdef" * 4, "status": "solved", "spec": SPEC,
        "plan": {
            "label": "4 × TP2, FP8", "mode": "colocated", "gpus": 8, "nodes": 1, "usd_per_hour": 20.0,
            "routing": "least_work", "transfer": None, "pools": [pool()],
            "engine": {"name": "vllm", "version": "0.19.0"}, "rate_per_s": 12.0,
        },
        "estimates": estimates(), "interval_level": 0.8,
        "frontier": frontier,
        "dominated": [other("8 × TP1, FP8", gpus=8, tpot_p90_s=0.048, ttft_p90_s=0.9)],
        "alternatives": [{**frontier[1], "why_not": "costs $10/h more"}],
        "explanation": {
            "headline": "4 × TP2, FP8 carries 12 requests/s within the limits for $20/h.",
            "binding": ["Memory bandwidth binds the decode step."],
            "breakdown": [
                {"term": "weights", "value": 0.010}, {"term": "attention", "value": 0.006},
                {"term": "collectives", "value": 0.002}, {"term": "host", "value": 0.002},
            ],
            "sensitivity": [{"change": "20 % more traffic", "outcome": "5 × TP2 for $25/h"}],
            "options": [],
            "bound": {
                "compute_tokens_per_s_per_gpu": 7000.0, "memory_tokens_per_s_per_gpu": 1100.0,
                "network_tokens_per_s_per_gpu": 9000.0, "reached": 330.0, "gap": 0.7, "binding": "memory",
            },
            "latency": {
                "ttft": latency(0.15, 0.57, 0.5), "tpot": latency(0.021, 0.33, 0.05), "e2e": latency(5.0, 0.46, None),
            },
            "goodput_curve": curve(),
            "timeline": timeline(),
            "counts": {"requests": 3000, "preemptions": 0, "prefix_hit_tokens": 420000, "seeds": 5},
        },
        "search": {"candidates": 812, "feasible": 96, "rejected": {"miss the TPOT limit": 40}, "seconds": 3.2,
                   "optimality_gap": 0.0},
        "provenance": {"solver_version": "0.1.0+serving.1", "catalogue_version": "c", "calibration": "prior",
                       "seed": 0, "data": {}},
        "warnings": [],
    }  # fmt: skip
    return result | changes


def disaggregated() -> Document:
    """Two replicas for prefill and three for decode."""
    result = solved()
    pools = [
        pool("prefill", replicas=2, tp=4),
        pool("decode", replicas=3, tp=2, precision={"weights": "bf16", "kv": "bf16"}),
    ]
    result["plan"] |= {
        "label": "2 × TP4 prefill + 3 × TP2 decode", "mode": "disaggregated", "gpus": 14, "nodes": 2,
        "usd_per_hour": 35.0, "pools": pools,
        "transfer": {"bytes_per_token": 163840.0, "bytes_per_s": 45e9, "latency_s": 1e-5},
    }  # fmt: skip
    result["explanation"]["timeline"] = [timeline("prefill"), timeline("decode")]
    return result


def infeasible() -> Document:
    """No plan: the limit on the time of a token is below what the hardware can do."""
    whole = solved()
    kept = ("kind", "version", "spec_hash", "spec", "provenance", "warnings")
    return {
        **{name: whole[name] for name in kept},
        "status": "infeasible",
        "search": {**whole["search"], "feasible": 0},
        "infeasible": {
            "reason": "A token takes at least 4.2 ms on these GPUs; the limit is 2 ms.",
            "binding": ["tpot"],
            "nearest": {
                "plan": {"label": "1 × TP8, FP8"},
                "needs": [{"constraint": "tpot", "message": "4.2 ms at best, 2 ms asked"}],
            },
            "smallest_change": {
                "message": "Allow 4.4 ms for a token.",
                "changes": [{"at": "/slo/tpot", "value": 0.0044}],
            },
        },
    }
