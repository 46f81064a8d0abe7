"""For each operator: which rows of a table count, what a curve says of them, and where the search for one begins.

A row's `shape` is what is held out together. Sizes that no served model has (a product of under 2^19 weights, an
expert narrower than 128) are left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.catalogue import Gpu, gpu
from solvers.cost.layouts import Floats
from solvers.cost.serving.curves import (
    DecodeCurve,
    PrefillCurve,
    ProductCurve,
    ReduceCurve,
    product_parts,
    reduce_parts,
    soft_maximum,
    touched_share,
)
from solvers.cost.serving.job import ACTIVATION_BYTES, WEIGHT_BYTES, Weights, peak_of
from solvers.cost.serving.operators.tables import Table

GEMM: dict[str, Weights] = {
    "bfloat16": "bf16", "fp8": "fp8", "fp8_block": "fp8_block", "nvfp4": "nvfp4", "int4_wo": "w4a16", "sq": "w8a8",
}  # fmt: skip
# Four-bit floats run as weights only on GPUs without units for them; with units they are read from `nvfp4` rows.
EXPERTS: dict[str, Weights] = {**GEMM, "w4a16_mxfp4": "nvfp4"}
KV_BYTES = {"bfloat16": 2.0, "fp8": 1.0}
# Bytes/s of a GPU's links in the systems that were measured: NVLink as in our catalogue; PCIe of the workstation parts.
LINKS = {
    "a100-80": 300e9, "h100-sxm": 450e9, "h200-sxm": 450e9, "b200": 900e9, "b300": 900e9, "gb200": 900e9,
    "gb300": 900e9, "l40s": 31.5e9, "rtx-pro-6000": 63e9,
}  # fmt: skip
# Loads of experts in rows of `power_law_1.01`, the busiest over the idlest: the collector draws them evenly in
# logarithm from 1 to 0.8 tokens (from 0.01 to 2 where choices are few) and rounds; experts with a token are then those
# of a ratio of 100 to within a fifth at 8 to 512 tokens of DeepSeek-V3 [aiconfigurator2026].
POPULARITY = 100.0
# Widths of DeepSeek-V3's latent attention, which the tables of `mla` ran.
LATENT, ROTATED, PLAIN, VALUE = 512.0, 64.0, 128.0, 128.0


@dataclass(frozen=True)
class Form:
    """One operator: rows by numerics, a curve's seconds [rows], the first guess, its bounds, the names held out."""

    numerics: Callable[[Table], dict[str, Table]]
    seconds: Callable[[Any, Table, str], Floats]
    curve: Any
    start: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    shape: tuple[str, ...]
    unit: Callable[[Any, Table, Any], float] | None = None


def _product_rows(table: Table) -> dict[str, Table]:
    m, n, k = (table.floats(name) for name in ("m", "n", "k"))
    kept = (n >= 256) & (k >= 256) & (n * k >= 2**19) & (m <= 16384)
    return {
        ours: _least(table.take(kept & (table.columns["gemm_dtype"] == theirs)), ("m", "n", "k"))
        for theirs, ours in GEMM.items()
        if np.any(kept & (table.columns["gemm_dtype"] == theirs))
    }


def _product_seconds(curve: ProductCurve, table: Table, weights: Any) -> Floats:
    m, n, k = (table.floats(name) for name in ("m", "n", "k"))
    return curve.start_s + curve.inner_s * k + _one(curve, table, weights, m, n, k, 1.0)


def _one(curve: ProductCurve, table: Table, weights: Weights, rows: Any, columns: Any, inner: Any, many: Any) -> Floats:
    on: Gpu = gpu(table.gpu)
    memory, compute = product_parts(
        rows, columns, inner, many,
        bytes_each=(WEIGHT_BYTES[weights], activation_bytes(on, weights)),
        rate=peak_of(on, weights) * curve.compute, speed=on.memory_bytes_per_s * curve.memory, curve=curve,
    )  # fmt: skip
    return soft_maximum(memory, compute, curve.sharpness)


def activation_bytes(on: Gpu, weights: Weights) -> float:
    """Bytes of an activation that a product reads: narrow where its units are."""
    narrow = peak_of(on, weights) > on.peak("bf16")
    return ACTIVATION_BYTES[weights] if narrow else 2.0


def _expert_rows(table: Table) -> dict[str, Table]:
    held, width = table.floats("num_experts"), table.floats("inter_size") / table.floats("moe_tp_size")
    skewed = table.columns["distribution"] == "power_law_1.01"
    kept = (table.floats("moe_ep_size") == 1) & (width >= 128) & (held >= 8) & skewed
    four = gpu(table.gpu).has("fp4")
    names = {theirs: ours for theirs, ours in EXPERTS.items() if not (four and theirs == "w4a16_mxfp4")}
    by = ("num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size")
    found = {ours: table.take(kept & (table.columns["moe_dtype"] == theirs)) for theirs, ours in names.items()}
    return {ours: _least(rows, by) for ours, rows in found.items() if rows.size >= 60}


def _expert_seconds(curve: ProductCurve, table: Table, weights: Any) -> Floats:
    tokens, hidden, top_k, experts = (
        table.floats(name) for name in ("num_tokens", "hidden_size", "topk", "num_experts")
    )
    width = table.floats("inter_size") / table.floats("moe_tp_size")
    touched = experts * touched_share(tokens, top_k=top_k, experts=experts, popularity=POPULARITY)
    up = _one(curve, table, weights, tokens * top_k, 2.0 * width, hidden, touched)
    return 2.0 * curve.start_s + up + _one(curve, table, weights, tokens * top_k, hidden, width, touched)


def _attention_rows(table: Table) -> dict[str, Table]:
    plain = (table.floats("window_size") == 0) if "window_size" in table.columns else np.ones(table.size, bool)
    if "attn_dtype" in table.columns:
        plain = plain & (table.columns["attn_dtype"] == "bfloat16")
    found = {ours: table.take(plain & (table.columns["kv_cache_dtype"] == theirs)) for theirs, ours in KV.items()}
    return {ours: rows for ours, rows in found.items() if rows.size >= 100}


KV = {"bfloat16": "fp16", "fp8": "fp8"}
KV_WIDTH = {"fp16": 2.0, "fp8": 1.0}


def _decode_seconds(curve: DecodeCurve, table: Table, kv: str) -> Floats:
    heads, kv_heads, width = (table.floats(name) for name in ("num_heads", "num_key_value_heads", "head_dim"))
    return _read(curve, table, heads, kv_heads, 2.0 * kv_heads * width * KV_WIDTH[kv], 4.0 * heads * width)


def _latent_decode_seconds(curve: DecodeCurve, table: Table, kv: str) -> Floats:
    heads = table.floats("num_heads")
    flops = 2.0 * heads * (2.0 * LATENT + ROTATED)
    return _read(
        curve, table, heads, np.ones(table.size), (LATENT + ROTATED) * KV_WIDTH[kv] * np.ones(table.size), flops
    )


def _read(curve: DecodeCurve, table: Table, heads: Floats, kv_heads: Floats, moved: Floats, flops: Floats) -> Floats:
    on: Gpu = gpu(table.gpu)
    batch, context = table.floats("batch_size"), table.floats("step") + 1.0
    memory, compute = moved / (on.memory_bytes_per_s * curve.memory), flops / (on.peak("bf16") * curve.compute)
    sequences = batch * (kv_heads * curve.kv_head_s + heads * curve.head_s)
    return curve.start_s + sequences + batch * context * np.maximum(memory, compute)


def _prefill_seconds(curve: PrefillCurve, table: Table, _kv: str) -> Floats:
    return _paired(curve, table, 4.0 * table.floats("num_heads") * table.floats("head_dim"))


def _latent_prefill_seconds(curve: PrefillCurve, table: Table, _kv: str) -> Floats:
    return _paired(curve, table, 2.0 * table.floats("num_heads") * (PLAIN + ROTATED + VALUE))


def _paired(curve: PrefillCurve, table: Table, flops: Floats) -> Floats:
    on: Gpu = gpu(table.gpu)
    batch, length = table.floats("batch_size"), table.floats("isl")
    pairs = length * (length + 1.0) / 2.0 + length * table.floats("step")
    return curve.start_s + batch * flops * (pairs + curve.lost * length) / (on.peak("bf16") * curve.compute)


def _reduce_rows(table: Table) -> dict[str, Table]:
    """Sizes are elements of two bytes. Rows that were not replayed from a graph are left out."""
    graph = np.array(["eager" not in str(source) for source in table.columns["kernel_source"]])
    kept = graph & (table.floats("message_size") <= 2**28)
    return {"fp16": table.take(kept)} if np.any(kept) else {}


def _reduce_seconds(curve: ReduceCurve, table: Table, _numerics: str) -> Floats:
    sent, ranks = 2.0 * table.floats("message_size"), table.floats("num_gpus")
    near, far = reduce_parts(sent, ranks, bytes_per_s=LINKS[table.gpu], curve=curve)
    return np.minimum(near, far)


def _least(table: Table, by: tuple[str, ...]) -> Table:
    """The fastest kernel of each size, which an engine picks."""
    keys = np.stack([table.floats(name) for name in by], axis=1)
    order = np.argsort(table.columns["seconds"], kind="stable")
    _, first = np.unique(keys[order], axis=0, return_index=True)
    return table.take(order[first])


def _one_row_s(curve: ProductCurve, table: Table, weights: Any) -> float:
    """One row through one matrix of 4,096 x 7,168, an expert of DeepSeek-V3."""
    return float(_one(curve, table, weights, np.ones(1), 4096.0, 7168.0, 1.0)[0])


def _one_key_s(curve: DecodeCurve, table: Table, kv: str) -> float:
    """A thousand bytes of context for a decode, in 16 bit."""
    return 1000.0 * KV_WIDTH[kv] / (gpu(table.gpu).memory_bytes_per_s * curve.memory)


def _one_pair_s(curve: PrefillCurve, table: Table, _kv: str) -> float:
    """A GFLOP of pairs."""
    return 1e9 / (gpu(table.gpu).peak("bf16") * curve.compute)


_PRODUCT_LOW = (0.02, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 1.5)
_PRODUCT_HIGH = (1.0, 1.0, 3e-4, 3e-9, 600.0, 6000.0, 4000.0, 12.0)
_DECODE: dict[str, Any] = {
    "unit": _one_key_s,
    "start": (0.5, 0.8, 1e-5, 2e-8, 1e-9),
    "low": (0.01, 0.05, 0.0, 0.0, 0.0),
    "high": (1.0, 0.95, 1e-4, 1e-5, 1e-6),
}
_PREFILL: dict[str, Any] = {
    "unit": _one_pair_s,
    "start": (0.5, 500.0, 1e-5),
    "low": (0.01, 0.0, 0.0),
    "high": (1.0, 8000.0, 2e-4),
}

FORMS: dict[str, Form] = {
    "product": Form(
        _product_rows, _product_seconds, ProductCurve, (0.75, 0.85, 3e-6, 2e-10, 60.0, 100.0, 100.0, 3.0),
        _PRODUCT_LOW, _PRODUCT_HIGH, ("n", "k"), _one_row_s,
    ),
    "expert": Form(
        _expert_rows, _expert_seconds, ProductCurve, (0.5, 0.8, 1.5e-5, 0.0, 16.0, 100.0, 300.0, 3.0),
        _PRODUCT_LOW, (1.0, 1.0, 3e-4, 1e-15, 128.0, 3000.0, 4000.0, 12.0),
        ("hidden_size", "inter_size", "num_experts"), _one_row_s,
    ),
    "decode": Form(_attention_rows, _decode_seconds, DecodeCurve, shape=("num_heads", "head_dim"), **_DECODE),
    "latent_decode": Form(_attention_rows, _latent_decode_seconds, DecodeCurve, shape=("num_heads",), **_DECODE),
    "prefill": Form(_attention_rows, _prefill_seconds, PrefillCurve, shape=("num_heads", "head_dim"), **_PREFILL),
    "latent_prefill": Form(_attention_rows, _latent_prefill_seconds, PrefillCurve, shape=("num_heads",), **_PREFILL),
    "reduce": Form(
        _reduce_rows, _reduce_seconds, ReduceCurve, (0.7, 3e-6, 5e-7, 0.7, 6e-6, 2e-6),
        (0.05, 0.0, 0.0, 0.05, 0.0, 0.0), (1.2, 1e-4, 5e-5, 1.2, 2e-4, 1e-4), ("message_size",),
    ),
}  # fmt: skip
