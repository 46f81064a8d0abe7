"""A fleet on a core that was measured (`tests/solvers/serving/own`), and one of two GPUs with calibrations made up."""

from typing import Any

from solvers import catalogue
from solvers.catalogue.attached import cpu_node
from solvers.documents import Document
from tests.solvers.serving.own.machine import CPU, MODEL, own

NODE = {**cpu_node({"cpu": CPU}, name="this-machine"), "gpus": 16}
TRAFFIC = {"rate": 100.0, "input": 128, "output": 16}
SLO = {"ttft": "2 s", "tpot": "40 ms"}
ALONE = {"fix": {"tp": 1}}
H100, L4 = "NVIDIA H100 80GB HBM3", "NVIDIA L4"


def asked(**more: Any) -> Document:
    """One service on such cores, written down."""
    service = {"name": "chat", "model": MODEL, "traffic": TRAFFIC, "slo": SLO, "options": ALONE}
    return {"kind": "fleet", "services": [service], "market": [{"node": NODE, "price": "0.1 USD/h"}], **more}


def mixed(**more: Any) -> Document:
    """A model of eight billion parameters on L4 and H100."""
    traffic = {"rate": 40.0, "input": {"mean": 500, "cv": 1}, "output": 64}
    service = {"name": "chat", "model": "llama-3.1-8b", "traffic": traffic, "slo": {"ttft": "1 s", "tpot": "60 ms"}}
    market = [{"gpu": "l4", "price": "0.7 USD/h"}, {"gpu": "h100-sxm", "price": "4 USD/h"}]
    return {"kind": "fleet", "services": [service], "market": market, **more}


def taught(device: str, *, node: str, share: float) -> Document:
    """A calibration of a GPU on which 16-bit products and memory reach so much of the datasheet's peak."""
    record = catalogue.node(node)
    gpu = record.gpu
    rates = {"flops_per_s": share * gpu.peak_flops_per_s["bf16"], "memory_bytes_per_s": share * gpu.memory_bytes_per_s}
    coefficients = [
        {"name": name, "value": rate, "spread": 0.02, "before": rate, "recipe": "gemm"} for name, rate in rates.items()
    ]
    return {
        **own(), "device": device, "name": gpu.name, "stack": "torch 2.8.0, CUDA 12.8", "like_published": True,
        "node": record.model_dump(mode="json", by_alias=True), "coefficients": coefficients,
        "correlation": [[1.0, 0.0], [0.0, 1.0]], "steps": [],
    }  # fmt: skip
