"""Clusters of islands that the tests share."""

from typing import Any

from solvers import kinds
from solvers.training.islands.spec import IslandsSpec

ROCE: dict[str, Any] = {
    "name": "dgx-a100-roce", "gpu": "a100-80", "gpus": 8, "link": "nvlink3", "nic": "roce-200", "nics": 8,
    "cost_usd_per_gpu_hour": "2 USD/h",
}  # fmt: skip
HOLMES: dict[str, Any] = {
    "islands": [
        {"name": "ib", "node": "dgx-a100-80", "nodes": 2},
        {"name": "roce", "node": ROCE, "nodes": 2},
    ],
    "between": "ethernet-25",
}
BASE: dict[str, Any] = {
    "kind": "training", "model": "megatron-gpt-7.5b", "hardware": HOLMES, "sequence_length": 2048, "global_batch": 512,
}  # fmt: skip


def spec(**change: Any) -> IslandsSpec:
    """The base spec with some fields changed."""
    found = kinds.parse({**BASE, **change})
    assert isinstance(found, IslandsSpec)
    return found


def on(*islands: dict[str, Any], between: Any = "ethernet-25") -> dict[str, Any]:
    """Hardware of these islands."""
    return {"islands": list(islands), "between": between}


def island(name: str, node: Any = "dgx-a100-80", nodes: int = 1) -> dict[str, Any]:
    """One island."""
    return {"name": name, "node": node, "nodes": nodes}
