"""How much of a GPU's datasheet the kernels of one engine reach: curves of a (GPU, engine, version), and which we have.

    product    t = start + ( (2 T K N / (P e_c))^s + (bytes / (B e_m))^s )^(1/s)
    decode     a token of context t = bytes / (B e(n)),  e(n) = e_m n h / (n h + half),  h: KV heads on the GPU
    prefill    a pair of a query and a key t = FLOPs / (P e_c)
P, B: peak and bandwidth of the datasheet. Fitted from operator tables by a script beside this file; a GPU without
tables takes the shares that its catalogue entry says large kernels reach, scaled by what fitted GPUs have in common.
"""

from dataclasses import dataclass
from typing import NamedTuple

from solvers.catalogue import Gpu
from solvers.cost.serving.job import Software, Weights


class ProductCurve(NamedTuple):
    """Products of one precision: shares of peak and bandwidth, seconds of a launch, sharpness of the maximum."""

    compute: float
    memory: float
    start_s: float
    sharpness: float


class DecodeCurve(NamedTuple):
    """Attention of decodes: shares of bandwidth and peak, (sequence, KV head) pairs at half of it, seconds a launch."""

    memory: float
    compute: float
    half: float
    start_s: float
    sequence_s: float


class PrefillCurve(NamedTuple):
    """Attention of chunks: share of peak, seconds of a launch for one chunk."""

    compute: float
    chunk_s: float


@dataclass(frozen=True)
class Curves:
    """All curves of one GPU under one engine; `said` is what the answer says of where they come from."""

    products: dict[Weights, ProductCurve]
    experts: dict[Weights, ProductCurve]
    decode: DecodeCurve
    latent_decode: DecodeCurve
    prefill: PrefillCurve
    latent_prefill: PrefillCurve
    said: str


def curves_of(gpu: Gpu, software: Software) -> Curves:
    """The curves of `gpu` under `software`, or the nearest that there are."""
    compute, memory = gpu.achievable_compute, gpu.achievable_memory
    wide = ProductCurve(compute, memory, 2e-6, 4.0)
    narrow = ProductCurve(0.85 * compute, memory, 3e-6, 4.0)
    dequantised = ProductCurve(0.8 * compute, 0.85 * memory, 3e-6, 4.0)
    products: dict[Weights, ProductCurve] = {
        "bf16": wide,
        "fp16": wide,
        "fp8": narrow,
        "fp8_block": narrow,
        "w8a8": narrow,
        "w4a16": dequantised,
        "nvfp4": narrow if gpu.has("fp4") else dequantised,
    }
    experts = {name: ProductCurve(0.7 * one.compute, 0.85 * one.memory, 8e-6, 4.0) for name, one in products.items()}
    return Curves(
        products=products,
        experts=experts,
        decode=DecodeCurve(memory, 0.4 * compute, 8.0, 5e-6, 0.0),
        latent_decode=DecodeCurve(memory, 0.6 * compute, 8.0, 8e-6, 0.0),
        prefill=PrefillCurve(0.6 * compute, 3e-6),
        latent_prefill=PrefillCurve(0.6 * compute, 3e-6),
        said=f"no operator was measured on {gpu.shown} under {software.name}; curves follow its datasheet",
    )


def peak_of(gpu: Gpu, weights: Weights) -> float:
    """Dense operations a second of products with these weights; weights without units are widened first.

    Integers of 8 bits run at twice the rate of 16-bit floats on GPUs since Ampere [nvidia2020a100].
    """
    half = gpu.peak("bf16")
    if weights in ("fp8", "fp8_block"):
        return gpu.peak("fp8")
    if weights == "nvfp4":
        return gpu.peak_flops_per_s.get("fp4", half)
    return 2.0 * half if weights == "w8a8" else half
