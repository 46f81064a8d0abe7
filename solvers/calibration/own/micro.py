"""Rows of micro-benchmarks as the cost kernel's own formulas have them.

    gemm         gemm_seconds in 16 bit, all of `batch` products as one kernel
    memory_copy  memory_seconds of the bytes read and written
    attention    attention_seconds of causal prompts, the backward pass's beside it where it ran too
    elementwise  memory_seconds of the least bytes, times `elementwise_passes`; of Adam's, times `optimizer_passes`
    launch       a GPU's eager kernels take the host `dispatch_s`, a graph's are `graph_gap_s` apart; on a CPU nothing
                 is issued ahead: what an operator takes beside its work is `kernel_gap_s`
By the wall clock every other row has one such gap too. Rows that no formula is for (32 bit, decode steps) are left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.cost.block import FLASH_BACKWARD
from solvers.cost.cluster import Hardware, paced
from solvers.cost.coefficients import Coefficients
from solvers.cost.roofline import attention_seconds, gemm_seconds, memory_seconds
from solvers.cost.sharding import ADAM_BYTES
from solvers.documents import Document
from solvers.recipes.elementwise import ELEMENT_BYTES, MOVES
from solvers.recipes.result import HOST_CLOCKS

SIXTEEN = ("bf16", "fp16")
# How far the formulas are from a kernel's time at their best coefficients, as a standard deviation of the logarithm:
# products and attention of one device scatter so around a roofline. Operations between products differ from one
# another by a factor of two: some run as several kernels.
PRODUCT, COPY, OPERATION, LAUNCH = 0.1, 0.1, 0.7, 0.3

# Seconds of a row for a device: its hardware and coefficients.
Seconds = Callable[[Document, Hardware, Coefficients], float]


@dataclass(frozen=True)
class Observed:
    """A row: what it says of the device, and the deviation of its formula."""

    row: Document
    seconds: Seconds
    deviation: float


def observed(recipe: str, row: Document) -> Observed | None:
    """The row with its formula; None where there is none."""
    half = row.get("precision") in SIXTEEN
    match recipe:
        case "gemm" if half:
            return Observed(row, _gemm, PRODUCT)
        case "memory_copy":
            return Observed(row, _copy, COPY)
        case "attention" if half and row["queries"] == row["context"] and row["backend"] == "auto":
            return Observed(row, _attention, PRODUCT)
        case "elementwise" if row["operation"] == "adam" or half:
            return Observed(row, _elementwise, OPERATION)
        case "launch":
            return Observed(row, _launch, LAUNCH)
    return None


def log_seconds(rows: list[Observed], hardware: Hardware, coefficients: Coefficients) -> Floats:
    """Logarithms of what the rows would take."""
    return np.log([_with_gap(one, hardware, coefficients) for one in rows])


def _with_gap(one: Observed, hardware: Hardware, coefficients: Coefficients) -> float:
    gap = coefficients.kernel_gap_s if one.row["clock"] in HOST_CLOCKS and one.seconds is not _launch else 0.0
    return one.seconds(one.row, hardware, coefficients) + gap


def _gemm(row: Document, hardware: Hardware, coefficients: Coefficients) -> float:
    cluster = paced(hardware, coefficients)
    m, n, k = (np.array([float(row[name])]) for name in ("m", "n", "k"))
    found = gemm_seconds(
        m, n, k, matrices=float(row["batch"]), rate=cluster.attention_flops_per_s, cluster=cluster,
        coefficients=coefficients,
    )  # fmt: skip
    return float(found[0])


def _copy(row: Document, hardware: Hardware, coefficients: Coefficients) -> float:
    return _moved(2.0 * row["size_bytes"], hardware, coefficients)


def _moved(moved_bytes: float, hardware: Hardware, coefficients: Coefficients) -> float:
    return float(memory_seconds(np.array(moved_bytes), paced(hardware, coefficients)))


def _attention(row: Document, hardware: Hardware, coefficients: Coefficients) -> float:
    cluster, length = paced(hardware, coefficients), np.array([float(row["context"])])
    flops = 2.0 * row["batch"] * row["heads"] * row["head_dim"] * length**2
    passes = [(1.0, coefficients.attention_forward)]
    if row["backward"]:
        passes.append((FLASH_BACKWARD, coefficients.attention_backward))
    return sum(
        float(
            attention_seconds(work * flops, length, efficiency=efficiency, cluster=cluster, coefficients=coefficients)[
                0
            ]
        )
        for work, efficiency in passes
    )


def _elementwise(row: Document, hardware: Hardware, coefficients: Coefficients) -> float:
    elements = float(row["rows"]) * row["width"]
    if row["operation"] == "adam":
        return _moved(elements * ADAM_BYTES * coefficients.optimizer_passes, hardware, coefficients)
    moved = elements * MOVES[row["operation"]] * ELEMENT_BYTES[row["precision"]]
    return _moved(moved * coefficients.elementwise_passes, hardware, coefficients)


def _launch(row: Document, _: Hardware, coefficients: Coefficients) -> float:
    if row["clock"] in HOST_CLOCKS:
        return float(row["kernels"] * coefficients.kernel_gap_s)
    each: Any = coefficients.graph_gap_s if row["mode"] == "graph" else coefficients.dispatch_s
    return float(row["kernels"] * each)
