"""A small answer of kind `scaling` with round numbers: whole, and with the parts left out that the solver may leave."""

from copy import deepcopy
from typing import Any

from solvers.documents import Document


def around(value: float, share: float) -> Document:
    return {"value": value, "low": value * (1 - share), "high": value * (1 + share)}


def training(**changes: Any) -> Document:
    known = {
        "learning_rate": {"value": 2e-4, "low": 1e-4, "high": 4e-4},
        "batch_tokens": {"value": 2e6, "low": 1e6, "high": 4e6},
        "batch_sequences": 512, "sequence_length": 4096, "steps": 120_000, "warmup_steps": 2000, "schedule": "wsd",
        "decay_steps": 24_000, "final_rate_share": 0.0, "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.95,
        "source": "rule:step-law", "warnings": [],
    }  # fmt: skip
    return known | changes


def model() -> Document:
    sizes = {"layers": 40, "hidden": 5120, "ffn": 13824, "heads": 40, "kv_heads": 8, "head_size": 128}
    return {**sizes, "vocabulary": 128_000, "params_body": 1e10, "params_total": 1.13e10}


def law(name: str, title: str, weight: float, loss: float, **changes: Any) -> Document:
    known = {
        "name": name, "title": title, "form": "L = E + A / N^a + B / D^b", "weight": weight, "past_error": 0.004,
        "coefficients": {"E": 1.8, "A": 400.0}, "loss": loss, "objective": 1e-3, "agree": 0.75, "condition": 3.2e5,
        "gradient_norm": 1e-9, "caveats": [], "source": f"{name}2022",
    }  # fmt: skip
    return known | changes


def run(name: str, params: float, tokens: float, loss: float, fitted: float, *flags: str) -> Document:
    residual = {"loss": loss, "fitted": fitted, "residual": loss / fitted - 1, "weight": 1.0, "leverage": 0.25}
    return {
        "name": name, "params": params, "tokens": tokens, "flops": 6 * params * tokens, **residual,
        "flags": list(flags), "recipe": None,
    }  # fmt: skip


def rung(name: str, params: float, tokens: float, hours: float, before: float, after: float) -> Document:
    return {
        "name": name, "params": params, "tokens": tokens, "flops": 6 * params * tokens, "gpus": 8, "gpu_hours": hours,
        "gpu_hours_alone": hours, "tokens_per_s": 1e5, "mfu": 0.4, "trunk": None, "before": before, "after": after,
        "alone_after": after, "model": model(), "training": training(),
    }  # fmt: skip


def laws() -> list[Document]:
    contradiction = "The paper contradicts itself."
    return [
        law("chinchilla", "Chinchilla", 0.25, 2.05, caveats=[contradiction]),
        law("skaling", "Skaling", 0.75, 2.0, agree=1.0),
    ]


def runs() -> list[Document]:
    return [
        run("small", 1e8, 2e9, 3.0, 3.0),
        run("middle", 3e8, 6e9, 2.7, 2.69),
        run("odd", 3e8, 6e9, 2.9, 2.69, "far"),
        run("large", 1e9, 2e10, 2.4, 2.41),
    ]


def fan() -> Document:
    return {
        "flops": [1.2e18, 1.2e20, 1.2e22], "params": [1e8, 1e9, 1e10], "tokens": [2e9, 2e10, 2e11],
        "value": [3.0, 2.4, 2.0], "low": [2.97, 2.38, 1.94], "high": [3.03, 2.42, 2.06],
        "inside": [True, True, False],
    }  # fmt: skip


def isoflops() -> list[Document]:
    sizes = [2.5e9, 5e9, 1e10, 2e10, 4e10]
    losses = [2.1, 2.02, 2.0, 2.03, 2.2]
    return [
        {
            "flops": 1.2e22, "params": sizes, "tokens": [2e21 / size for size in sizes], "loss": losses,
            "low": [loss - 0.06 for loss in losses], "high": [loss + 0.06 for loss in losses], "best_params": 1e10,
            "not_counted": [],
        }
    ]  # fmt: skip


def surface() -> Document:
    return {"params": [1e9, 1e10], "tokens": [2e10, 2e11, 2e12], "loss": [[2.4, 2.3, 2.25], [2.2, 2.0, 1.9]]}


def tuning() -> Document:
    rule = {"name": "step-law", "title": "Step Law", "learning_rate": 2e-4, "batch_tokens": 2e6, "caveats": []}
    kaplan = {"name": "kaplan", "title": "Kaplan", "learning_rate": 1e-3, "batch_tokens": None}
    twice = "Its table prints another."
    return {
        "source": "surface", "groups": 3, "runs": 3, "params": 1e10, "tokens": 2e11,
        "learning_rates": [1e-4, 2e-4, 4e-4], "batches": [1e6, 4e6], "excess": [[0.01, 0.02], [0.0, 0.01], [0.02, 0.5]],
        "flat": {"excess": 0.001, "learning_rate": [1.5e-4, 2e-4, 3e-4], "batch_tokens": [2e6, 3e6, 1.5e6]},
        "observed": [
            {"learning_rate": 2e-4, "batch_tokens": 2e6, "excess": 0.0005, "diverged": False},
            {"learning_rate": 4e-4, "batch_tokens": 2e6, "excess": None, "diverged": True},
        ],
        "next": [
            {
                "params": 3e8, "tokens": 6e9, "learning_rate": 3e-4, "batch_tokens": 1.5e6,
                "chart_learning_rate": 2.5e-4, "chart_batch_tokens": 3e6,
            }
        ],
        "next_before": 0.002, "next_after": 0.001,
        "rules": [
            {**kaplan, "learning_rate": None, "caveats": ["No tuned run."], "source": "none"},
            {**rule, "source": "li2025predictable"},
            {**kaplan, "caveats": [twice], "source": "kaplan2020"},
        ],
    }  # fmt: skip


def ladder() -> Document:
    first, second = rung("rung-1", 1e9, 2e10, 40.0, 0.03, 0.02), rung("rung-2", 1e9, 1e10, 25.0, 0.02, 0.015)
    first, second = {**first, "trunk": "rung-1"}, {**second, "trunk": "rung-1"}
    sizes = [
        {"params": 3e8, "gpus": 8, "tokens_per_s": 2e6, "mfu": 0.3, "plan": "DP8 mb4"},
        {"params": 1e9, "gpus": 8, "tokens_per_s": 7e5, "mfu": 0.38, "plan": "DP8 mb2"},
    ]
    return {
        "rungs": [first, second], "gpu_hours": 65.0, "flops": 2.3e20, "usd": 162.5, "before": 0.03, "after": 0.015,
        "tree_saving": 0.12, "throughput": sizes, "how": "designed",
    }  # fmt: skip


def recipes() -> Document:
    return {
        "list": [
            {"name": "old", "runs": 20, "params": 12e9, "tokens": 160e9, "loss": around(2.1, 0.02)},
            {"name": "new", "runs": 12, "params": 10e9, "tokens": 200e9, "loss": around(2.0, 0.02)},
        ],
        "best": "new",
        "pairs": [{"a": "old", "b": "new", "probability": 0.07}],
    }  # fmt: skip


def target() -> Document:
    return {
        "params": 1e10, "tokens": 2e11, "flops": 1.2e22, "tokens_per_param": 20.0, "counts": "non-embedding",
        "loss_unit": "nats/token", "how": "compute_optimal", "unique_tokens": None, "served_tokens": None,
        "epochs": 1.0, "gpu_hours": 8300.0, "gpus": 512,
    }  # fmt: skip


def plan() -> Document:
    return {
        "label": "10B parameters on 200B tokens", "target": target(), "model": model(), "training": training(),
        "laws": laws(), "doubt": {"noise": 0.0, "parameters": 0.006, "process": 0.0, "laws": 0.008, "beyond": 0.0},
        "fan": fan(), "isoflops": isoflops(), "surface": surface(), "runs": runs(),
        "flagged": [{"run": "odd", "code": "far", "message": "Run 3 is 7.8 % above the law of the others."}],
        "optimum": None, "recipes": recipes(), "tuning": tuning(), "ladder": ladder(),
        "next": {"rung": 0, "before": 0.03, "after": 0.02, "gpu_hours": 40.0, "flops": 1.2e20, "sentence": ""},
        "curve": [
            {"gpu_hours": 40.0, "flops": 1.2e20, "half_width": 0.02, "runs": 1},
            {"gpu_hours": 65.0, "flops": 2.3e20, "half_width": 0.015, "runs": 2},
        ],
        "stop": {"code": "go_on", "message": "Go on: the goal is 1.0 %."},
    }  # fmt: skip


def other(label: str, params: float, tokens: float, loss: float) -> Document:
    own = {"label": label, "params": params, "tokens": tokens, "flops": 6 * params * tokens}
    return {"plan": own, "estimates": {"loss": around(loss, 0.03)}, "why_not": "more loss"}


def on_frontier(params: float, tokens: float, loss: float) -> Document:
    own = {"label": f"{params:g}", "params": params, "tokens": tokens, "flops": 6 * params * tokens}
    return {"plan": own, "objectives": {"loss": loss, "params": params}}


def solved() -> Document:
    """The whole answer."""
    return {
        "kind": "scaling", "version": 1, "spec_hash": "0" * 64, "status": "solved", "interval_level": 0.9,
        "plan": plan(),
        "estimates": {
            "loss": around(2.0, 0.03), "params": around(1e10, 0.2), "tokens": around(2e11, 0.2),
            "learning_rate": training()["learning_rate"], "batch_tokens": training()["batch_tokens"],
        },
        "alternatives": [other("5B on 400B", 5e9, 4e11, 2.02), other("Skaling alone", 1e10, 2e11, 2.0)],
        "frontier": [on_frontier(1e10, 2e11, 2.0), on_frontier(2.5e9, 8e11, 2.1)], "dominated": [],
        "explanation": {"headline": "Train 10B parameters on 200B tokens.", "binding": [], "breakdown": [],
                        "sensitivity": [], "options": []},
        "search": {"candidates": 400, "feasible": 380, "rejected": {}, "optimality_gap": None, "seconds": 1.5},
        "provenance": {"solver_version": "1", "catalogue_version": "2", "calibration": "prior", "seed": 0, "data": {}},
        "warnings": [], "spec": {"kind": "scaling", "target": {"flops": 1.2e22}, "budget": {"goal": 0.01}},
    }  # fmt: skip


def bare() -> Document:
    """What is left of it without runs, budget, hardware and model: every part that may be null is."""
    found = deepcopy(solved())
    lists = ("laws", "isoflops", "runs", "flagged", "curve")
    nulls = ("model", "doubt", "fan", "surface", "optimum", "recipes", "ladder", "next", "stop", "tuning", "training")
    found["plan"].update({name: [] for name in lists} | dict.fromkeys(nulls))
    found["estimates"] = {}
    return found | {"alternatives": [], "frontier": []}
