"""vLLM's own latency benchmark of a model with random weights, where vLLM is installed."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive
from solvers.errors import Problem, SpecError
from solvers.recipes import serving_step
from solvers.recipes.machine import Work
from solvers.recipes.model import Model
from solvers.recipes.recipe import Device, Key, Recipe, Repeated


class Batch(Part):
    """So many requests at once, each of so many tokens in and out."""

    requests: Positive = Field(default=1, le=1024, title="Requests")
    prompt: Positive = Field(default=32, le=131_072, title="Tokens in")
    output: Positive = Field(default=8, le=16_384, title="Tokens out")


class VllmBenchParams(Repeated):
    device: Device = Field(default="cuda", title="Device")
    model: Model = Field(
        default=Model(hidden=256, head_dim=64, ffn=512, vocabulary=32_000),
        title="Model",
        description="Gated, with RMSNorm: a Llama.",
    )
    precision: Literal["fp32", "bf16"] = Field(default="bf16", title="Precision")
    tp: Positive = Field(default=1, le=64, title="Tensor parallel")
    batches: tuple[Batch, ...] = Field(
        default=(Batch(),), min_length=1, max_length=40, title="Batches", json_schema_extra={"x-each": "batch"}
    )

    @model_validator(mode="after")
    def _llama(self) -> "VllmBenchParams":
        if not self.model.gated or self.model.norm != "rms":
            raise SpecError(Problem("not_a_llama", "vLLM is given a Llama: gated, with RMSNorm.", "/model"))
        if self.model.moe:
            raise SpecError(Problem("not_a_llama", "vLLM is given a Llama, which has no experts.", "/model/moe"))
        return self


def _keys(params: VllmBenchParams) -> tuple[Key, ...]:
    return tuple(batch.model_dump() for batch in params.batches)


def _work(params: VllmBenchParams, key: Key) -> Work:
    """The prompts' step, and as many decode steps as tokens come out, each at the longest context."""
    steps = serving_step.ServingStepParams(model=params.model, precision=params.precision, tp=params.tp)
    shared = {"sequences": key["requests"], "layers": params.model.layers}
    prompt = serving_step.RECIPE.work(steps, {**shared, "tokens": key["prompt"], "start": 0})
    decode = serving_step.RECIPE.work(steps, {**shared, "tokens": 1, "start": key["prompt"] + key["output"] - 1})
    many = decode.times(float(key["output"]))
    return Work(
        prompt.flops + many.flops,
        prompt.moved_bytes + many.moved_bytes,
        prompt.link_bytes + many.link_bytes,
        prompt.launches + many.launches,
        max(prompt.memory_bytes, decode.memory_bytes),
        prompt.single,
    )


def _amounts(_: VllmBenchParams, key: Key) -> Mapping[str, Any]:
    return {"tokens_per_s": key["requests"] * key["output"]}


RECIPE = Recipe(
    name="vllm_bench",
    version=1,
    title="vLLM latency",
    summary="Seconds of a batch of requests from vLLM's own benchmark, with random weights.",
    params=VllmBenchParams,
    keys=_keys,
    work=_work,
    devices=lambda params: params.tp,
    amounts=_amounts,
    packages=("vllm",),
)
