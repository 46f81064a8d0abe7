"""A device's own numbers from its micro-benchmarks, by the formulas of serving's kernels.

    gemm         the curve of 16-bit products alone on the device
    memory_copy  bytes read and written at the rate that copies reach
    attention    the curve of decodes for one query, of chunks for more, forward passes only
    launch       on a CPU nothing is issued ahead: what an operator takes beside its work is `eager_gap_s`
By the wall clock every other row has one such gap too. Launches of a GPU's host are the engine's, not the device's.
Which numbers are its own: where a curve was fitted to the GPU, the rates of datasheet alone; else all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.calibration.own.device import COMPUTE, MEMORY, RATES
from solvers.calibration.own.document import Coefficient
from solvers.calibration.own.fit import ODD, Fitted, rounded, table
from solvers.calibration.own.measured import Measured, Row
from solvers.calibration.own.micro import SIXTEEN
from solvers.calibration.own.robust import Belief, Model, mode
from solvers.catalogue import Gpu
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.curves import product_parts, soft_maximum
from solvers.cost.serving.lookup import Curves, tiled
from solvers.cost.serving.steps import pairs_of
from solvers.documents import Document
from solvers.recipes.result import HOST_CLOCKS
from solvers.serving.own.device import DECODE, GAP, PREFILL, READ, SCORES, TILES, compute_of, memory_of, with_values

# How far the formulas are from a kernel's time at their best numbers, as a standard deviation of the logarithm: as
# `solvers.calibration.own.micro` has them.
KERNEL, LAUNCH = 0.1, 0.3
# What products pad differs by orders of magnitude between a core and a GPU; all else is a few times more or less.
WIDE, USUAL = 3.0, 1.0
UNKNOWN = {
    COMPUTE: ("gemm", USUAL),
    MEMORY: ("memory_copy", USUAL),
    TILES: ("gemm", WIDE),
    READ: ("gemm", USUAL),
    PREFILL: ("attention", USUAL),
    DECODE: ("attention", USUAL),
    SCORES: ("attention", WIDE),
    GAP: ("launch", USUAL),
}
# A CPU's attention has no tile products for one query: it starts where arithmetic, not reading, takes the time.
CPU_SCORES = 0.03
BYTES = 2.0


@dataclass(frozen=True)
class At:
    """A device as rows see it."""

    gpu: Gpu
    curves: Curves
    coefficients: Coefficients
    copied_bytes_per_s: float


Seconds = Callable[[Document, At], float]


@dataclass(frozen=True)
class Observed:
    """A row with what its seconds would be, and the deviation of the formula."""

    row: Row
    seconds: Seconds
    deviation: float


def fitted(measured: Measured, gpu: Gpu, curves: Curves, coefficients: Coefficients, *, like_published: bool) -> Fitted:
    """The device's numbers; `coefficients` are the published calibration's."""
    rows = [one for row in measured.rows if (one := observed(row)) is not None]
    recipes = {one.row.recipe for one in rows}
    names = [name for name in UNKNOWN if not like_published or (name in RATES and UNKNOWN[name][0] in recipes)]
    before = np.array([before_of(name, gpu, coefficients, measured.kind) for name in names])

    found = mode(
        model_of(rows, names, gpu=gpu, curves=curves, coefficients=coefficients),
        np.log([one.row.row["seconds"]["median"] for one in rows]),
        deviations=np.array([np.hypot(one.deviation, one.row.noise) for one in rows]),
        belief=Belief(np.log(before), np.array([UNKNOWN[name][1] for name in names])),
    )
    spread = np.sqrt(np.diag(found.covariance))
    told = tuple(
        Coefficient(
            name=name, value=rounded(value), spread=rounded(wide), before=rounded(was),
            recipe=UNKNOWN[name][0] if UNKNOWN[name][0] in recipes else "",
        )
        for name, value, wide, was in zip(names, np.exp(found.mean), spread, before, strict=True)
    )  # fmt: skip
    odd = [(one.row, float(away)) for one, away in zip(rows, found.missed, strict=True) if abs(away) > ODD]
    return Fitted(told, table(found.covariance / np.outer(spread, spread)), tuple(odd))


def model_of(
    rows: Sequence[Observed], names: Sequence[str], *, gpu: Gpu, curves: Curves, coefficients: Coefficients
) -> Model:
    """Log seconds of the rows as a function of the logarithms of the device's own numbers, called `names`."""

    def model(theta: Floats) -> Floats:
        values = dict(zip(names, np.exp(theta).tolist(), strict=True))
        return log_seconds(rows, values, gpu=gpu, curves=curves, coefficients=coefficients)

    return model


def log_seconds(
    rows: Sequence[Observed], values: dict[str, float], *, gpu: Gpu, curves: Curves, coefficients: Coefficients
) -> Floats:
    """Log seconds of rows on a device with these numbers of its own."""
    own = with_values(coefficients, values, gpu)
    at = At(gpu, tiled(curves, own.tiles), own, values.get(MEMORY, memory_of(gpu)))
    return np.log([_with_gap(one, at) for one in rows])


def before_of(name: str, gpu: Gpu, coefficients: Coefficients, kind: str) -> float:
    """A number before anything is measured, on a device of `kind` cpu or cuda."""
    if name == COMPUTE:
        return compute_of(gpu)
    if name == SCORES and kind == "cpu":
        return CPU_SCORES
    return memory_of(gpu) if name == MEMORY else float(getattr(coefficients, name))


def observed(one: Row) -> Observed | None:
    """A row as the formulas see it; None where they have none for it."""
    row = one.row
    half = row.get("precision") in SIXTEEN
    match one.recipe:
        case "gemm" if half and row["batch"] == 1:
            return Observed(one, _product, KERNEL)
        case "memory_copy":
            return Observed(one, _copy, KERNEL)
        case "attention" if half and not row["backward"] and row["backend"] == "auto":
            return Observed(one, _decode if row["queries"] == 1 else _chunk, KERNEL)
        case "launch" if row["clock"] in HOST_CLOCKS:
            return Observed(one, _launch, LAUNCH)
    return None


def _with_gap(one: Observed, at: At) -> float:
    beside = one.row.row["clock"] in HOST_CLOCKS and one.seconds is not _launch
    return one.seconds(one.row.row, at) + (at.coefficients.eager_gap_s if beside else 0.0)


def _product(row: Document, at: At) -> float:
    curve = at.curves.wide
    memory, compute = product_parts(
        float(row["m"]), float(row["n"]), float(row["k"]), 1.0, bytes_each=(BYTES, BYTES),
        rate=at.gpu.peak("bf16") * curve.compute * at.coefficients.product_compute,
        speed=at.gpu.memory_bytes_per_s * curve.memory * at.coefficients.product_memory, curve=curve,
    )  # fmt: skip
    return float(soft_maximum(memory, compute, curve.sharpness)) + curve.start_s + curve.inner_s * float(row["k"])


def _copy(row: Document, at: At) -> float:
    return float(2.0 * row["size_bytes"] / at.copied_bytes_per_s)


def _decode(row: Document, at: At) -> float:
    curve, width = at.curves.decode, row["head_dim"]
    read = 2.0 * row["kv_heads"] * width * BYTES / (at.gpu.memory_bytes_per_s * curve.memory)
    done = 4.0 * row["heads"] * width / (at.gpu.peak("bf16") * curve.compute * at.coefficients.decode_compute)
    each = row["kv_heads"] * curve.kv_head_s + row["heads"] * curve.head_s
    alone = row["batch"] * (each + max(read, done) * row["context"])
    return float(curve.start_s + alone / at.coefficients.decode_attention)


def _chunk(row: Document, at: At) -> float:
    curve = at.curves.prefill
    rate = at.gpu.peak("bf16") * curve.compute * at.coefficients.prefill_attention
    pairs = float(pairs_of(row["queries"], row["context"] - row["queries"])) + curve.lost * row["queries"]
    return float(curve.start_s + row["batch"] * pairs * 4.0 * row["heads"] * row["head_dim"] / rate)


def _launch(row: Document, at: At) -> float:
    return float(row["kernels"] * at.coefficients.eager_gap_s)
