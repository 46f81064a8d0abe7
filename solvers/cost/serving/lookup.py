"""Which curve a job gets: that of its GPU, engine, version and numerics, or the nearest that was fitted, and which.

    numerics   exact, else what they are computed as: 16 bit for each other, block-scaled FP8 as FP8, integers as FP8,
               4-bit weights as 16 bit with the shares of DEQUANTISED
    GPU        itself, else those of its maker's generation, nearest in FLOPs for a byte, else those most like it in
               matrix units and bandwidth; shares are then scaled by what the catalogue says that large kernels reach
    engine     itself, else the others
    version    the newest that is not newer than asked, else the oldest
Numerics give way last, engines first.
"""

import csv
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from solvers.catalogue import Gpu, gpu
from solvers.cost.serving.curves import DecodeCurve, PrefillCurve, ProductCurve, ReduceCurve
from solvers.cost.serving.job import ENGINES, ServingJob, Weights, expert_software, version_numbers

KINDS: dict[str, Any] = {
    "product": ProductCurve,
    "expert": ProductCurve,
    "decode": DecodeCurve,
    "latent_decode": DecodeCurve,
    "prefill": PrefillCurve,
    "latent_prefill": PrefillCurve,
    "reduce": ReduceCurve,
}
GENERATIONS: dict[tuple[bool, bool, bool], tuple[str, ...]] = {
    (True, True, True): ("b200", "b300", "gb200", "gb300"),
    (True, True, False): ("rtx-pro-6000",),
    (True, False, True): ("h100-sxm", "h200-sxm"),
    (True, False, False): ("l40s",),
    (False, False, False): ("a100-80",),
}
STANDS_FOR: dict[str, tuple[str, ...]] = {
    "fp16": ("fp16", "bf16"),
    "fp8_block": ("fp8_block", "fp8"),
    "fp8": ("fp8", "fp8_block", "bf16"),
    "w8a8": ("w8a8", "fp8", "bf16"),
    "nvfp4": ("nvfp4", "w4a16", "bf16"),
    "w4a16": ("w4a16", "bf16"),
}
# Shares that a product keeps when it widens 4-bit weights on its way, where no table has one: MARLIN reaches 3.87 of 4
# times the speed of 16 bit where memory binds, and about 0.8 of it where arithmetic does [frantar2025marlin].
DEQUANTISED = (0.8, 0.95)
# Standard deviation of the logarithm of a step's seconds where the curves are another GPU's, of the same generation or
# of another: root mean squares between steps by such curves and by its own, on the nine GPUs that have curves (0.03 at
# most among the six that have a sister; 0.13 over the five generations). test_lent.py beside the tests has them.
LENT_NEAR, LENT_FAR = 0.03, 0.13
TITLES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}


class Fit(NamedTuple):
    """A fitted curve and whose it is."""

    gpu: str
    engine: str
    version: str
    numerics: str
    curve: Any


@dataclass(frozen=True)
class Curves:
    """All curves of one job; `wide` is the 16-bit product. `said` says where they come from, for the answer.

    `lent` is the standard deviation that another GPU's curves add to the logarithm of a step's seconds, 0 for its own.
    """

    product: ProductCurve
    wide: ProductCurve
    expert: ProductCurve
    decode: DecodeCurve
    prefill: PrefillCurve
    reduce: ReduceCurve
    said: str
    lent: float


def curves_of(job: ServingJob) -> Curves:
    """The curves of `job`."""
    on = job.node.gpu
    numerics, software = job.numerics, job.software
    key = key_of(on)
    reach = (on.achievable_compute, on.achievable_memory)
    latent = "latent_" if job.model.mla else ""
    experts = expert_software(job)
    return _curves(
        key, reach, on.shown, (numerics.weights, numerics.expert_weights, numerics.kv), latent,
        (software.name, software.version), (experts.name, experts.version), job.node.link.topology == "bus",
    )  # fmt: skip


def tiled(curves: Curves, tiles: float) -> Curves:
    """The curves where products are padded by `tiles` times as much, and those of experts as all others."""
    product, wide = (
        one._replace(rows=one.rows * tiles, columns=one.columns * tiles, inner=one.inner * tiles)
        for one in (curves.product, curves.wide)
    )
    return replace(curves, product=product, wide=wide, expert=wide)


class Key(NamedTuple):
    """What decides which other GPUs stand for one."""

    name: str
    nvidia: bool
    fp8: bool
    fp4: bool
    asynchronous: bool
    balance: float
    bandwidth: float


def key_of(on: Gpu) -> Key:
    """The key of `on`."""
    balance = on.peak("bf16") / on.memory_bytes_per_s
    nvidia = on.vendor.upper() in ("", "NVIDIA")
    return Key(on.name, nvidia, on.has("fp8"), on.has("fp4"), on.asynchronous_products, balance, on.memory_bytes_per_s)


@lru_cache(maxsize=4096)
def _curves(
    on: Key,
    reach: tuple[float, float],
    shown: str,
    numerics: tuple[Weights, Weights, str],
    latent: str,
    software: tuple[str, str],
    multipliers: tuple[str, str],
    bus: bool,
) -> Curves:
    weights, experts, kv = numerics
    product = nearest("product", weights, on, software)
    return Curves(
        product=reached(product, on, reach, weights),
        wide=reached(nearest("product", "bf16", on, software), on, reach, "bf16"),
        expert=reached(nearest("expert", experts, on, multipliers), on, reach, experts),
        decode=reached(nearest(f"{latent}decode", kv, on, software), on, reach, kv),
        prefill=reached(nearest(f"{latent}prefill", kv, on, software), on, reach, kv),
        reduce=nearest("reduce", "fp16", _joined(on, bus=bus), software).curve,
        said=_said(product, shown, on, software),
        lent=_lent(product, on),
    )


def _joined(on: Key, *, bus: bool) -> Key:
    """The GPU whose links are of the same make: PCIe, or NVLink."""
    if bus and on.name not in ("l40s", "rtx-pro-6000"):
        return on._replace(name="l40s")
    if not bus and on.name not in SYSTEMS - {"l40s", "rtx-pro-6000"}:
        return on._replace(asynchronous=True, fp8=True)
    return on


SYSTEMS = frozenset(name for names in GENERATIONS.values() for name in names)


@cache
def fits() -> dict[str, tuple[Fit, ...]]:
    """The fitted curves that ship with the project, by operator."""
    text = (files("solvers.cost.serving") / "curves.csv").read_text("utf-8")
    found: dict[str, list[Fit]] = {name: [] for name in KINDS}
    for row in csv.DictReader(text.splitlines()):
        curve = KINDS[row["operator"]](*map(float, row["curve"].split()))
        found[row["operator"]].append(Fit(row["gpu"], row["engine"], row["version"], row["numerics"], curve))
    return {name: tuple(entries) for name, entries in found.items()}


def nearest(operator: str, numerics: str, on: Key, software: tuple[str, str], *, without: str = "") -> Fit:
    """The fit of `operator` that is nearest to what is asked, never one of the GPU `without`."""
    engine, version = software
    engines = (engine, *(name for name in ENGINES if name != engine))
    for kind in STANDS_FOR.get(numerics, (numerics,)):
        for name in _relatives(on):
            if name == without:
                continue
            for other in engines:
                known = [fit for fit in fits()[operator] if (fit.gpu, fit.engine, fit.numerics) == (name, other, kind)]
                if known:
                    return _of_version(known, version if other == engine else "")
    raise LookupError(f"no curve of {operator} in {numerics}")


@cache
def _relatives(on: Key) -> tuple[str, ...]:
    """The GPU itself, its maker's generation from near to far in balance, then all others by bandwidth."""
    near = sorted(_generation(on), key=lambda name: abs(_balance(name) / on.balance - 1.0))
    far = sorted(SYSTEMS - set(near), key=lambda name: _distance(name, on))
    return (on.name, *near, *far)


def _distance(name: str, on: Key) -> tuple[bool, bool, float]:
    """How little another generation is like `on`: its matrix units first, then its bandwidth."""
    other = key_of(gpu(name))
    unlike = abs(float(np.log(other.bandwidth / on.bandwidth)))
    return on.nvidia and other.asynchronous != on.asynchronous, on.nvidia and other.fp8 != on.fp8, unlike


def _balance(name: str) -> float:
    return key_of(gpu(name)).balance


def _of_version(known: list[Fit], version: str) -> Fit:
    ordered = sorted(known, key=lambda fit: version_numbers(fit.version))
    older = [fit for fit in ordered if not version or version_numbers(fit.version) <= version_numbers(version)]
    return older[-1] if older else ordered[0]


def reached(fit: Fit, on: Key, reach: tuple[float, float], asked: str) -> Any:
    """The curve of another GPU or other numerics, as this one would reach it."""
    curve = fit.curve
    if fit.gpu != on.name:
        other: Gpu = gpu(fit.gpu)
        curve = curve._replace(compute=min(curve.compute * reach[0] / other.achievable_compute, 1.0))
        if "memory" in curve._fields:
            curve = curve._replace(memory=min(curve.memory * reach[1] / other.achievable_memory, 1.0))
    if asked in ("w4a16", "nvfp4") and fit.numerics == "bf16":
        compute, memory = DEQUANTISED
        curve = curve._replace(compute=curve.compute * compute, memory=curve.memory * memory)
    return curve


def _lent(fit: Fit, on: Key) -> float:
    if fit.gpu == on.name:
        return 0.0
    return LENT_NEAR if fit.gpu in _generation(on) else LENT_FAR


def _generation(on: Key) -> tuple[str, ...]:
    """The GPUs with curves that are of its maker's generation."""
    return GENERATIONS.get((on.fp8, on.fp4, on.asynchronous), ()) if on.nvidia else ()


def _said(fit: Fit, shown: str, on: Key, software: tuple[str, str]) -> str:
    other: Gpu = gpu(fit.gpu)
    words = f"curves of {TITLES[fit.engine]} {fit.version} on {other.shown}"
    engine, version = software
    if fit.gpu != on.name:
        words += f", scaled to the datasheet of {shown}"
    if fit.engine != engine:
        words += f"; your engine is {TITLES[engine]}"
    elif version and version != fit.version:
        words += f"; your version is {version}"
    return words
