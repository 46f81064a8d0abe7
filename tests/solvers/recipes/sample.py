"""A whole result of any recipe, as a node would send it."""

from typing import Any

from solvers.documents import Document
from solvers.recipes.recipe import Recipe

TIMING = {"median": 0.01, "low": 0.009, "high": 0.012, "repeats": 9}
ENVIRONMENT = {
    "device": "cpu", "name": "A CPU", "gpus": 0, "processes": 1, "memory_bytes": 16e9, "torch": "2.13.0", "cuda": "",
    "nccl": "", "driver": "", "threads": 1, "cores": 2, "cpu": "A CPU", "os": "Linux", "python": "3.12.3",
    "clocks_before": None, "clocks_after": None, "load_before": 0.5, "load_after": 1.0,
}  # fmt: skip
# What a row holds beside its time, by recipe.
MORE: dict[str, Document] = {
    "language_model": {
        "curve": [{"step": 40, "tokens": 20480, "loss": 3.1}],
        "held_out_loss": 3.2,
        "held_out_tokens": 4096,
        "passes": 0.01,
    },
    "peak_memory": {"kept_bytes": 1e6, "peak_bytes": 2e6},
    "serving_step": {"peak_memory_bytes": 3e6, "reserved_bytes": 0.0},
    "training_step": {"loss": 5.5, "peak_memory_bytes": 3e6, "reserved_bytes": 0.0},
}


def result_of(recipe: Recipe[Any], params: Any, *, seconds: float = TIMING["median"]) -> Document:
    """Every row took the same time."""
    timing = {name: value * seconds / 0.01 if name != "repeats" else value for name, value in TIMING.items()}
    return {
        "recipe": recipe.name,
        "version": recipe.version,
        "params": params.model_dump(mode="json"),
        "rows": [
            {
                **key,
                "seconds": timing,
                "clock": "wall",
                "slowed": 1.0,
                "rates": recipe.rates(params, key, timing["median"]),
                **MORE.get(recipe.name, {}),
            }
            for key in recipe.keys(params)
        ],
        "environment": ENVIRONMENT,
        "flags": {"throttled": False, "spread": 0.3},
        "seconds_total": 1.0,
    }
