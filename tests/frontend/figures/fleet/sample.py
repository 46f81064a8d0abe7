"""Results of kind `fleet`, written by hand: round numbers whose sums and shares one can check by eye."""

from functools import cache
from typing import Any

from solvers.documents import Document
from solvers.fleet.spec import FleetSpec

SPEC = {
    "kind": "fleet",
    "services": [
        {
            "name": "chat", "model": "llama-3.1-8b",
            "traffic": {"rate": 10, "input": {"mean": 400}, "output": {"mean": 200}},
            "slo": {"ttft": 1.0, "tpot": 0.05}, "demand": [0.5, 1.0],
        },
        {
            "name": "search", "model": "llama-3.1-8b",
            "traffic": {"rate": 4, "input": {"mean": 400}, "output": {"mean": 90}},
            "slo": {"ttft": 0.5, "attainment": 0.95}, "demand": [1.0, 0.5],
        },
    ],
    "market": [
        {"gpu": "h100-sxm", "price": 2.0, "term": "reserved"},
        {"gpu": "h100-sxm", "price": 4.0},
        {"gpu": "l4", "price": 1.0, "term": "spot", "available": 8},
        {"gpu": "a100-80", "price": 3.0},
    ],
    "sites": [],
}  # fmt: skip
RESERVED, SPOT = "h100-sxm-reserved", "l4-spot"
"""What the spec's offers are called."""


@cache
def spec() -> Document:
    """The spec as a result document holds it."""
    found: Document = FleetSpec.model_validate(SPEC).model_dump(mode="json")
    return found


def estimate(value: float, spread: float = 0.1) -> Document:
    """A value with its interval, `spread` to both sides."""
    return {"value": value, "low": value * (1 - spread), "high": value * (1 + spread)}


def service(name: str, *, target: float, value: float, by_seed: list[float], peak: float) -> Document:
    """A service of two classes."""
    return {
        "name": name, "model": "Llama 3.1 8B", "router": "input", "engine": "vllm", "target": target,
        "limits": {"ttft_s": 1.0, "tpot_s": 0.05}, "peak_per_s": peak,
        "classes": [
            {"label": "1-500 in", "input": [1, 500], "output": None, "share": 0.75},
            {"label": "501+ in", "input": [501, None], "output": None, "share": 0.25},
        ],
        "attainment": {"value": value, "low": value - 0.02, "high": value + 0.01, "by_seed": by_seed, "hour": 1},
    }  # fmt: skip


def offer(name: str, gpu: str, term: str, *, price: float, units: list[int]) -> Document:
    """What is bought of an offer in each hour."""
    ends = {"least": min(units), "most": max(units)}
    return {
        "name": name, "gpu": gpu, "node": gpu, "region": "eu", "zone": None, "term": term, "provider": "",
        "price_from": "the spec", "unit_gpus": 1, "price_usd_per_gpu_hour": price, "units": ends,
        "units_by_hour": units, "gpus": ends, "cost_usd_per_hour": price * sum(units) / len(units),
    }  # fmt: skip


def configuration(of: str, on: str, gpu: str, *, gpus: int = 1) -> Document:
    """Replicas of a service on an offer."""
    return {
        "name": f"{of}-{on}-x{gpus}", "service": of, "offer": on, "gpu": gpu, "gpus": gpus, "label": f"TP{gpus}, FP8",
        "layout": {"tp": gpus, "pp": 1, "dp": 1, "ep": 1}, "precision": {"weights": "fp8", "kv": "fp8"},
        "settings": {"max_num_seqs": 256, "max_num_batched_tokens": 8192}, "memory": None,
        "replicas": {"least": 1, "most": 2}, "replicas_by_hour": [1, 2], "factor": 0.95, "utilization": 0.6,
        "capacity_per_s": {"1-500 in": 8.0, "501+ in": 2.0},
    }  # fmt: skip


def small(label: str, **gpus: int) -> Document:
    """A fleet in few words: GPUs by offer, `_` for `-`."""
    names = {name.replace("_", "-"): count for name, count in gpus.items()}
    return {"label": label, "offers": [{"name": one, "gpu": one.split("-")[0], "gpus": n} for one, n in names.items()]}


def point(plan: Document, *, cost: float, headroom: float, carbon: float) -> Document:
    """A fleet of the frontier."""
    objectives = {"cost_usd_per_hour": cost, "latency_headroom_share": headroom, "carbon_g_per_hour": carbon}
    gpus = float(sum(one["gpus"] for one in plan["offers"]))
    return {
        "objectives": objectives, "plan": plan,
        "estimates": {"gpus": estimate(gpus, 0), "attainment_share": estimate(0.97, 0)},
    }  # fmt: skip


def plan() -> Document:
    """Two hours of two services: one H100 for good, two to six L4 by the hour."""
    chat, spot = f"chat-{RESERVED}-x1", f"chat-{SPOT}-x1"
    busy = {"1-500 in": {spot: 1.0}, "501+ in": {chat: 0.8, spot: 0.2}}
    quiet = {"1-500 in": {spot: 1.0}, "501+ in": {spot: 1.0}}
    return {
        "services": [
            service("chat", target=0.9, value=0.97, by_seed=[0.96, 0.97, 0.98], peak=10.0),
            service("search", target=0.95, value=0.96, by_seed=[0.955, 0.96, 0.965], peak=4.0),
        ],
        "offers": [
            offer(SPOT, "l4", "spot", price=1.0, units=[2, 6]),
            offer(RESERVED, "h100-sxm", "reserved", price=2.0, units=[1, 1]),
        ],
        "configurations": [
            configuration("chat", RESERVED, "h100-sxm"), configuration("chat", SPOT, "l4"),
            configuration("search", SPOT, "l4"),
        ],
        "routing": [
            {"service": "chat", "hours": [0], "weights": quiet}, {"service": "chat", "hours": [1], "weights": busy},
            {"service": "search", "hours": [0, 1],
             "weights": {label: {f"search-{SPOT}-x1": 1.0} for label in ("1-500 in", "501+ in")}},
        ],
        "hours": {"count": 2, "cost_usd_by_hour": [4.0, 8.0],
                  "demand_per_s": {"chat": [5.0, 10.0], "search": [4.0, 2.0]}},
    }  # fmt: skip


def solved(**changes: Any) -> Document:
    """A plan of $6 an hour, 25 % below the best single type."""
    own = small("6 × l4 + 1 × h100-sxm", l4_spot=6, h100_sxm_reserved=1)
    roomy = small("8 × l4 + 2 × h100-sxm", l4_spot=8, h100_sxm_reserved=2)
    clean = small("3 × h100-sxm", h100_sxm_reserved=3)
    result = {
        "kind": "fleet", "version": 1, "spec_hash": "0123456789abcdef" * 4, "status": "solved", "spec": spec(),
        "plan": plan(),
        "estimates": {
            "cost_usd_per_hour": estimate(6.0), "gpus": {"value": 7.0, "low": 6.2, "high": 9.0},
            "attainment_share": {"value": 0.96, "low": 0.94, "high": 0.97}, "power_w": estimate(1500.0),
            "carbon_g_per_hour": estimate(300.0), "saving_share": {"value": 0.25, "low": 0.2, "high": 0.28},
            "cost_usd_per_million_requests": estimate(150.0),
        },
        "interval_level": 0.8,
        "alternatives": [
            {"plan": small("2 × h100-sxm", h100_sxm=2), "why_not": "33 % dearer: H100-SXM alone.",
             "estimates": {"cost_usd_per_hour": estimate(8.0, 0), "gpus": estimate(2.0, 0)}},
        ],
        "frontier": [
            point(own, cost=6.0, headroom=0.1, carbon=300.0),
            point(roomy, cost=9.0, headroom=0.4, carbon=500.0),
            point(clean, cost=7.0, headroom=0.1, carbon=200.0),
        ],
        "dominated": [point(roomy, cost=9.5, headroom=0.3, carbon=550.0)],
        "explanation": {
            "headline": "6 L4 and 1 H100 carry chat and search for $6/h.",
            "binding": ["Latencies bind."],
            "breakdown": [{"term": SPOT, "value": 4.0}, {"term": RESERVED, "value": 2.0}],
            "sensitivity": [], "options": [],
            "single_types": [
                {"gpu": "L4", "cost_usd_per_hour": None, "gpus": None, "breakdown": [],
                 "why_not": "It cannot serve 501+ in of chat."},
                {"gpu": "A100-80", "cost_usd_per_hour": 9.0, "gpus": 3, "why_not": None,
                 "breakdown": [{"term": "a100-80", "value": 9.0}]},
                {"gpu": "H100-SXM", "cost_usd_per_hour": 8.0, "gpus": 2, "why_not": None,
                 "breakdown": [{"term": "h100-sxm", "value": 6.0}, {"term": RESERVED, "value": 2.0}]},
            ],
            "entry_prices": [
                {"offer": "h100-sxm", "gpu": "H100-SXM", "term": "on_demand", "why_not": None,
                 "price_usd_per_gpu_hour": 4.0, "enters_at_usd_per_gpu_hour": 3.0, "message": "At $3/h it would be."},
                {"offer": "a100-80", "gpu": "A100-80", "term": "on_demand", "why_not": "Never.",
                 "price_usd_per_gpu_hour": 3.0, "enters_at_usd_per_gpu_hour": None},
            ],
            "worth": [{"limit": "L4 on spot", "at": "/market/2/available", "one_more": "L4",
                       "usd_per_hour": 0.5}],
            "proof": {
                "rounds": 2, "tightening_seeds": [1, 2, 3, 4], "judging_seeds": [101, 102, 103], "requests": 12000,
                "factors": {}, "loads": {"chat": 1.25, "search": 1.0},
                "unproven": {"cost_usd_per_hour": 5.0, "attainment_share": {"chat": 0.8, "search": 0.9}},
            },
        },
        "search": {"candidates": 400, "feasible": 8, "rejected": {"need too much memory: weights": 5}, "seconds": 1.0,
                   "optimality_gap": 0.0},
        "provenance": {"solver_version": "0.1.0+fleet.1", "catalogue_version": "c", "calibration": "prior", "seed": 0,
                       "data": {}},
        "warnings": [],
    }  # fmt: skip
    return result | changes


def infeasible() -> Document:
    """No plan: the market has too few GPUs."""
    whole = solved()
    kept = ("kind", "version", "spec_hash", "spec", "provenance", "warnings")
    return {
        **{name: whole[name] for name in kept},
        "status": "infeasible",
        "search": {**whole["search"], "feasible": 0},
        "infeasible": {
            "reason": "No fleet of this market carries the load within the limits.",
            "binding": ["/constraints/max_gpus", "demand"],
            "nearest": {
                "plan": {"label": "4 × l4", "offers": []},
                "needs": [{"constraint": "/constraints/max_gpus", "message": "6 GPUs, 4 allowed"}],
            },
            "smallest_change": {"message": "Allow 6 GPUs.", "changes": [{"at": "/constraints/max_gpus", "value": 6}]},
        },
    }


def clean() -> Document:
    """The same plan where carbon is what counts: 40 % below the best single type, which is cheaper."""
    result = solved(spec={**spec(), "objective": "carbon"})
    explanation = result["explanation"]
    explanation["breakdown"] = [
        {"term": SPOT, "value": 4.0, "carbon_g_per_hour": 240.0},
        {"term": RESERVED, "value": 2.0, "carbon_g_per_hour": 60.0},
    ]
    explanation["single_types"][1] |= {
        "cost_usd_per_hour": 5.0, "carbon_g_per_hour": 500.0,
        "breakdown": [{"term": "a100-80", "value": 5.0, "carbon_g_per_hour": 500.0}],
    }  # fmt: skip
    explanation["single_types"][2] |= {
        "carbon_g_per_hour": 1500.0,
        "breakdown": [{"term": RESERVED, "value": 8.0, "carbon_g_per_hour": 1500.0}],
    }
    explanation["entry_prices"] = []
    explanation["worth"] = [{"limit": "L4 on spot", "at": "/market/2/available", "one_more": "L4",
                             "carbon_g_per_hour": 20.0}]  # fmt: skip
    result["estimates"]["saving_share"] = {"value": 0.4, "low": 0.3, "high": 0.5}
    return result
