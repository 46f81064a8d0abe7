"""The engine that serves, its numbers and its helpers: precision, speculation, adapters, limits."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, field_validator

from solvers.base import ADVANCED, Part, Positive
from solvers.catalogue import Gpu, Model
from solvers.cost.serving import job
from solvers.errors import Problem, SpecError
from solvers.units import Count, Fraction, UsdPerHour

EngineName = Literal["vllm", "sglang", "trtllm"]
Weights = Literal["auto", "bf16", "fp16", "fp8", "w8a8", "w4a16", "nvfp4"]
Cache = Literal["auto", "fp16", "fp8"]
LEAST_MEMORY, MOST_MEMORY = 0.1, 0.99
# What the GPU needs to compute or to read weights so; weights of 4 bits are unpacked to 16 where it lacks FP4.
NEEDS = {"fp8": ("fp8",), "w8a8": ("int8", "fp8"), "nvfp4": ("fp4",)}
# Families whose published weights are FP8 with a scale for each block of 128 x 128 [deepseek2024v3, section 3.3.2].
BLOCK_FAMILIES = ("deepseek", "kimi")
ALIKE = {
    "bfloat16": "bf16", "float16": "fp16", "half": "fp16", "int4": "w4a16", "awq": "w4a16", "gptq": "w4a16",
    "int8": "w8a8", "fp4": "nvfp4",
}  # fmt: skip


def _weights(value: Any) -> Any:
    """The name as this vocabulary has it."""
    if isinstance(value, str):
        plain = value.strip().lower().replace("-", "").replace("_", "")
        return ALIKE.get(plain, plain)
    return value


def _cache(value: Any) -> Any:
    known = _weights(value)
    return "fp16" if known == "bf16" else known


class EngineChoice(Part):
    """The software that serves."""

    name: EngineName = Field(default="vllm", title="Engine", description="vLLM, SGLang or TensorRT-LLM.")
    version: str = Field(
        default="",
        max_length=40,
        title="Version",
        description="As in published measurements; otherwise the latest that was measured.",
        examples=["0.19.0"],
    )


class Numbers(Part):
    """How weights and KV cache are stored."""

    weights: Annotated[Weights, BeforeValidator(_weights)] = Field(
        default="bf16",
        title="Weights",
        description="auto: 16 bit or FP8, whichever serves cheaper; FP8 and below change what the model computes.",
        examples=["fp8"],
    )
    kv: Annotated[Cache, BeforeValidator(_cache)] = Field(
        default="fp16", title="KV cache", description="auto: 16 bit or FP8, whichever serves cheaper.", examples=["fp8"]
    )


def lacking(gpu: Gpu, numbers: Numbers, at: str) -> list[Problem]:
    """What is wrong with numbers that the GPU has no units for."""
    needs = NEEDS.get(numbers.weights, ())
    if not needs or any(gpu.has(name) for name in needs):
        return []
    hint = f"It computes in {', '.join(sorted(gpu.peak_flops_per_s))}."
    return [Problem("no_precision", f"{gpu.shown} does not compute in {needs[0]}.", at, hint)]


def numerics_of(model: Model, weights: str, cache: str) -> job.Numerics:
    """The kernel's words for weights and cache of this model; 16 bit where `auto` leaves it open."""
    if weights == "fp8" and model.family.lower().startswith(BLOCK_FAMILIES):
        weights = "fp8_block"
    known = next(name for name in get_args(job.Weights) if name == ("bf16" if weights == "auto" else weights))
    return job.Numerics(known, "fp8" if cache == "fp8" else "fp16")


class Draft(Part):
    """Speculative decoding: a draft guesses tokens, the model checks them in one step."""

    tokens: Positive = Field(
        default=3, le=16, title="Tokens of a draft", description="How many are guessed each step.", examples=[3]
    )
    acceptance: Fraction = Field(
        default=0.7,
        title="Acceptance",
        description="Chance that a guessed token is right where all before it are; measure it on your own traffic.",
        examples=[0.7],
    )
    parameters: Count | None = Field(
        default=None,
        title="Parameters of the draft model",
        description="Otherwise the draft costs nothing (n-gram look-up).",
        examples=["1B"],
    )


class AdapterSet(Part):
    """LoRA adapters that requests name, served beside one copy of the weights."""

    count: Positive = Field(default=1, le=1024, title="Adapters", description="Different ones in one step at most.")
    rank: Positive = Field(default=16, le=1024, title="Rank", examples=[16])


class Limits(Part):
    """What a plan must keep to."""

    max_gpus: Positive | None = Field(
        default=None, title="GPUs at most", description="Otherwise all GPUs of the hardware.", examples=[16]
    )
    budget_per_hour: UsdPerHour | None = Field(
        default=None, gt=0, title="Budget", description="Dollars an hour at most.", examples=["60 USD/h"]
    )
    gpu_memory_utilization: Fraction = Field(
        default=0.9, title="GPU memory used", description="Share of each GPU that the engine may fill.", examples=[0.9]
    )
    max_model_len: Positive | None = Field(
        default=None,
        title="Longest request",
        description="Tokens of input and output; otherwise as the traffic needs.",
        json_schema_extra={"x-unit": "tokens", **ADVANCED},
    )

    @field_validator("gpu_memory_utilization")
    @classmethod
    def _some_memory_and_not_all(cls, value: float) -> float:
        if not LEAST_MEMORY <= value <= MOST_MEMORY:
            message = f"{value:g} is outside of {LEAST_MEMORY:g} to {MOST_MEMORY:g}."
            raise SpecError(Problem("out_of_range", message, "", "It is the share that the engine fills, such as 0.9."))
        return value
