"""What was measured on a core of an AMD EPYC, and a plan for it. `measured.json` says how."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from solvers import recipes
from solvers.catalogue.attached import cpu_node
from solvers.documents import Document
from solvers.serving.own.learn import learn
from solvers.serving.spec import ServingSpec

FILE = Path(__file__).parent / "measured.json"
CPU = {"model": "AMD EPYC", "cores": 1, "memory_bytes": 25276510208.0, "features": ["avx512_bf16"]}
MODEL = {"name": "tiny", "layers": 4, "hidden": 512, "heads": 8, "kv_heads": 4, "ffn": 1408, "vocab": 4096}


@cache
def _file() -> Document:
    found: Document = json.loads(FILE.read_text("utf-8"))
    return found


def micro() -> list[Document]:
    """All micro-benchmarks."""
    return [one for one in _file()["learned"] if one["recipe"] != "serving_step"]


def steps() -> list[Document]:
    """Serving steps to learn from."""
    return [one for one in _file()["learned"] if one["recipe"] == "serving_step"]


def foretold() -> list[Document]:
    """Serving steps of other shapes."""
    found: list[Document] = _file()["foretold"]
    return found


@cache
def own() -> Document:
    """What all of it teaches."""
    return learn(spec(), [*micro(), *steps()])


def asked(**more: Any) -> Document:
    """A plan for the machine, written down."""
    return {
        "kind": "serving",
        "model": MODEL,
        "hardware": {"node": cpu_node({"cpu": CPU}, name="this-machine"), "nodes": 1},
        "traffic": {"rate": 1.0, "input": 128, "output": 16},
        "slo": {"ttft": "60 s", "tpot": "5 s"},
        **more,
    }


def spec(**more: Any) -> ServingSpec:
    """The same, parsed."""
    return ServingSpec.model_validate(asked(**more))


def slower(document: Document, factor: float) -> Document:
    """The measurement with all rows `factor` times as slow."""
    rows = [
        {**row, "seconds": {**row["seconds"], **{n: factor * row["seconds"][n] for n in ("median", "low", "high")}},
         "rates": {name: rate / factor for name, rate in row["rates"].items()}}
        for row in document["rows"]
    ]  # fmt: skip
    return {**document, "rows": rows}


def in_32_bits(document: Document) -> Document:
    """Serving steps as if they had been measured in 32 bits."""
    recipe = recipes.get("serving_step")
    params = {**document["params"], "precision": "fp32"}
    asked = recipe.parse(params)
    rows = [
        {**row, "rates": recipe.rates(asked, key, row["seconds"]["median"])}
        for row, key in zip(document["rows"], recipe.keys(asked), strict=True)
    ]
    return {**document, "params": params, "rows": rows}
