"""What is served, on what, by which engine, and how it is cut: the question that step cost and memory answer."""

import re
from dataclasses import dataclass
from typing import Literal

from solvers.catalogue import Gpu, Model, Node

Weights = Literal["bf16", "fp16", "fp8", "fp8_block", "w4a16", "w8a8", "nvfp4"]
Kv = Literal["fp16", "fp8"]
EngineName = Literal["vllm", "sglang", "trtllm"]

ENGINES: tuple[EngineName, ...] = ("vllm", "sglang", "trtllm")
# Bytes of a weight with its scales: one of 4 bytes for a block of 128 x 128; one of 2 bytes for a group of 128 and as
# much again for its zero point; one of a byte for every 16 [nvidia2025nvfp4].
WEIGHT_BYTES: dict[Weights, float] = {
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "fp8_block": 1.0 + 4.0 / 128.0**2,
    "w4a16": 0.5 + 4.0 / 128.0,
    "w8a8": 1.0,
    "nvfp4": 0.5 + 1.0 / 16.0,
}
# Bytes of an activation that a product reads where the GPU has units for its weights.
ACTIVATION_BYTES: dict[Weights, float] = {
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "fp8_block": 1.0 + 4.0 / 128.0,
    "w4a16": 2.0,
    "w8a8": 1.0,
    "nvfp4": 0.5 + 1.0 / 16.0,
}
# From so many ranks on vLLM keeps DeepGEMM away from experts [vllm2025deepgemm].
UNPADDED_RANKS = 8
KV_BYTES: dict[Kv, float] = {"fp16": 2.0, "fp8": 1.0}


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


@dataclass(frozen=True)
class Layout:
    """How one replica lies on its GPUs.

    `tp` ranks cut a layer, `pp` stages cut the model, `dp` ranks each have attention (and its KV cache) for their own
    requests, and each expert is on one of `ep` groups of the tp * dp GPUs of a stage, cut over the rest.
    """

    tp: int = 1
    pp: int = 1
    dp: int = 1
    ep: int = 1

    @property
    def gpus(self) -> int:
        """GPUs of the replica."""
        return self.tp * self.pp * self.dp

    @property
    def expert_tp(self) -> float:
        """Over how many GPUs each expert is cut."""
        return self.tp * self.dp / self.ep


@dataclass(frozen=True)
class Numerics:
    """How numbers are stored: weights, KV cache, and the routed experts where they differ from the other weights."""

    weights: Weights = "bf16"
    kv: Kv = "fp16"
    experts: Weights | None = None

    @property
    def expert_weights(self) -> Weights:
        """Of the routed experts."""
        return self.experts or self.weights


@dataclass(frozen=True)
class Software:
    """The engine and its version, "" where nobody said."""

    name: EngineName = "vllm"
    version: str = ""


@dataclass(frozen=True)
class Adapters:
    """LoRA: `count` adapters of `rank` lie in memory, and a batch uses up to as many [hu2022lora]."""

    count: int
    rank: int = 16


@dataclass(frozen=True)
class Limits:
    """The engine's limits: tokens of a step, sequences at once, tokens of a sequence."""

    max_num_batched_tokens: int = 8192
    max_num_seqs: int = 256
    max_model_len: int = 8192


@dataclass(frozen=True)
class ServingJob:
    """One replica. `graphs` says whether decodes are replayed from CUDA graphs."""

    model: Model
    node: Node
    layout: Layout = Layout()
    numerics: Numerics = Numerics()
    software: Software = Software()
    limits: Limits = Limits()
    adapters: Adapters | None = None
    graphs: bool = True


def overlapped(job: ServingJob) -> bool:
    """Whether the engine prepares the next step while one runs: vLLM since 0.14, the others by default."""
    return job.software.name != "vllm" or _since(job.software, (0, 14))


def has_graphs(job: ServingJob) -> bool:
    """Whether decodes are replayed from CUDA graphs: vLLM since 0.2.7, the others since their first releases."""
    return job.graphs and (job.software.name != "vllm" or _since(job.software, (0, 2, 7)))


def has_pieces(job: ServingJob) -> bool:
    """Whether steps with chunks are replayed in pieces, all but attention: vLLM since its second engine, 0.8."""
    return job.software.name == "vllm" and _since(job.software, (0, 8))


def pads_experts(job: ServingJob) -> bool:
    """Whether experts of block-scaled FP8 run in DeepGEMM's contiguous kernel whatever the batch.

    vLLM 0.12 to 0.14 on Hopper, where fewer than 8 ranks cut a layer [vllm2025deepgemm].
    """
    gpu, software = job.node.gpu, job.software
    hopper = gpu.asynchronous_products and not gpu.has("fp4")
    known = software.name == "vllm" and (0, 12) <= version_numbers(software.version) < (0, 15)
    return known and hopper and job.numerics.expert_weights == "fp8_block" and job.layout.tp < UNPADDED_RANKS


def expert_software(job: ServingJob) -> Software:
    """Whose kernels multiply the experts.

    TensorRT-LLM on data-centre Blackwell has two for block-scaled FP8: DeepGEMM, which its table ran, where experts are
    dealt out to groups, and its own generated ones, which FlashInfer ships to SGLang, where they are cut (`moe_config`
    of the public recipes) [semianalysis2026inferencex].
    """
    gpu = job.node.gpu
    generated = job.software.name == "trtllm" and job.layout.ep == 1 and gpu.asynchronous_products and gpu.has("fp4")
    return Software("sglang") if generated and job.numerics.expert_weights == "fp8_block" else job.software


def _since(software: Software, first: tuple[int, ...]) -> bool:
    """Whether a version is `first` or newer; one that nobody said is the newest."""
    numbers = version_numbers(software.version)
    return not numbers or numbers >= first


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers in a version, in order; those of a candidate stand last."""
    return tuple(int(part) for part in re.findall(r"\d+", version))
