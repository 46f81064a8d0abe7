"""Rows of micro-benchmarks by the kernel's formulas, by hand."""

import math
from dataclasses import replace

import pytest

from solvers.calibration.own.micro import log_seconds, observed
from solvers.cost.cluster import Hardware
from solvers.cost.coefficients import DEFAULT
from solvers.documents import Document

RATE, BANDWIDTH, GAP = 1e12, 1e10, 5e-6
HARDWARE = Hardware(
    gpus=1, domain=1, peak_flops_per_s=2 * RATE, half_peak_flops_per_s=2 * RATE, narrow=0.0, asynchronous=0.0,
    cast_bytes=0.0, achievable_compute=0.5, memory_bytes=1e10, memory_bytes_per_s=2 * BANDWIDTH, achievable_memory=0.5,
    intra_bytes_per_s=1e9, intra_latency_s=1e-6, inter_bytes_per_s=0.0, inter_latency_s=0.0,
)  # fmt: skip
KNOWN = replace(
    DEFAULT, gemm_wave_elements=1000.0, gemm_wave_s=2e-6, attention_forward=0.5, attention_backward=0.25,
    attention_half_length=100.0, elementwise_passes=2.0, optimizer_passes=1.5, kernel_gap_s=GAP, dispatch_s=8e-6,
    graph_gap_s=1e-6,
)  # fmt: skip
GEMM = {"m": 1000, "n": 100, "k": 500, "batch": 1, "precision": "bf16"}
PROMPT = {
    "batch": 2, "queries": 100, "context": 100, "heads": 4, "kv_heads": 2, "head_dim": 32, "precision": "bf16",
    "backend": "auto",
}  # fmt: skip
NORM = {"operation": "rms_norm", "rows": 1000, "width": 1000, "precision": "bf16"}


@pytest.mark.parametrize(
    ("recipe", "row", "seconds"),
    [
        # (M N + W) (2 K / P + w / (2 W))
        ("gemm", GEMM, 101_000 * (1000 / RATE + 2e-6 / 2000)),
        ("memory_copy", {"size_bytes": 1_000_000}, 2e6 / BANDWIDTH),
        # 2 b a d s^2 (1 + s0 / s) / (P e)
        ("attention", {**PROMPT, "backward": False}, 2 * 2 * 4 * 32 * 1e4 * 2.0 / (RATE * 0.5)),
        ("attention", {**PROMPT, "backward": True}, 2 * 2 * 4 * 32 * 1e4 * 2.0 * (1 / 0.5 + 2.5 / 0.25) / RATE),
        ("elementwise", NORM, 1e6 * 2 * 2 * 2.0 / BANDWIDTH),
        ("elementwise", {**NORM, "operation": "adam", "precision": "fp32"}, 1e6 * 30 * 1.5 / BANDWIDTH),
        ("launch", {"operation": "add", "mode": "eager", "kernels": 500}, 500 * 8e-6),
        ("launch", {"operation": "add", "mode": "graph", "kernels": 500}, 500 * 1e-6),
    ],
)
def test_a_row_takes_what_the_kernel_says(recipe: str, row: Document, seconds: float) -> None:
    one = observed(recipe, {**row, "clock": "graph"})
    assert one is not None

    assert math.exp(log_seconds([one], HARDWARE, KNOWN)[0]) == pytest.approx(seconds)


def test_by_the_wall_clock_a_row_has_a_gap_too_and_a_launch_is_nothing_else() -> None:
    copy = observed("memory_copy", {"size_bytes": 1_000_000, "clock": "wall"})
    launch = observed("launch", {"operation": "add", "mode": "eager", "kernels": 500, "clock": "wall"})
    assert copy is not None
    assert launch is not None

    found = [math.exp(one) for one in log_seconds([copy, launch], HARDWARE, KNOWN)]

    assert found == pytest.approx([2e6 / BANDWIDTH + GAP, 500 * GAP])


@pytest.mark.parametrize(
    ("recipe", "row"),
    [
        ("gemm", {**GEMM, "precision": "fp32"}),
        ("attention", {**PROMPT, "backward": False, "queries": 1}),
        ("attention", {**PROMPT, "backward": False, "backend": "math"}),
        ("elementwise", {**NORM, "precision": "fp32"}),
        ("collectives", {"size_bytes": 1_000_000}),
    ],
)
def test_what_no_formula_is_for_is_left(recipe: str, row: Document) -> None:
    assert observed(recipe, {**row, "clock": "wall"}) is None
