"""Small questions for tests of the serving planner: a model of a billion parameters, short answers."""

from typing import Any

from solvers import kinds
from solvers.serving.spec import ServingSpec

MODEL = {"name": "small-1b", "layers": 16, "hidden": 2048, "ffn": 8192, "heads": 32, "kv_heads": 8, "vocab": 32000}


def document(**change: Any) -> dict[str, Any]:
    """A spec that is solved in a moment."""
    plain = {
        "kind": "serving",
        "model": MODEL,
        "hardware": {"node": "dgx-h100", "nodes": 1},
        "traffic": {"rate": 100, "input": {"mean": 300, "cv": 0.5}, "output": 16},
        "slo": {"ttft": "200 ms", "tpot": "20 ms"},
        "constraints": {"max_gpus": 2},
    }
    return {**plain, **change}


def spec(**change: Any) -> ServingSpec:
    """The same, parsed."""
    parsed = kinds.parse(document(**change))
    assert isinstance(parsed, ServingSpec)
    return parsed
