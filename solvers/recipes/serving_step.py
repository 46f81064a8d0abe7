"""A step of serving: prompts or chunks of them, or a token for each sequence, with keys and values in a cache.

A share of a model on one of several GPUs is a model with its share of heads, feed-forward width and vocabulary and
the whole hidden width: what it computes without the exchange.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive, Whole
from solvers.errors import Problem, SpecError
from solvers.recipes.layers import COUNTS, Counts, check_counts
from solvers.recipes.machine import Work
from solvers.recipes.model import Model, causal_pairs
from solvers.recipes.recipe import Key, Recipe, Repeated
from solvers.recipes.result import MixtureRow

ELEMENT_BYTES = {"fp32": 4, "bf16": 2}
# Kernels of a layer's forward pass, about; and widths of the hidden state that one holds at once.
LAYER_LAUNCHES, HELD_WIDTHS = 20.0, 8.0


class Step(Part):
    """Each of `sequences` brings `tokens` after `start` that are in the cache: many are a prompt's, 1 is decoding."""

    sequences: Positive = Field(default=1, le=65_536, title="Sequences")
    tokens: Positive = Field(default=1, le=1_048_576, title="New tokens of each")
    start: Whole = Field(default=0, ge=0, le=1_048_576, title="Tokens in the cache of each")


class ServingStepParams(Repeated):
    model: Model = Field(default=Model(), title="Model")
    precision: Literal["fp32", "bf16"] = Field(
        default="fp32", title="Precision", description="Of weights, cache and products."
    )
    tp: Positive = Field(default=1, le=64, title="Tensor parallel")
    steps: tuple[Step, ...] = Field(
        default=(Step(tokens=64), Step(sequences=4, start=64)),
        min_length=1,
        max_length=100,
        title="Steps",
        json_schema_extra={"x-each": "step"},
    )
    measured_layers: Counts = COUNTS

    @model_validator(mode="after")
    def _possible(self) -> "ServingStepParams":
        model = self.model
        if model.key_value_heads % self.tp or model.ffn % self.tp or model.vocabulary % self.tp:
            said = f"{self.tp} do not share the heads, the feed-forward width and the vocabulary evenly."
            raise SpecError(Problem("tensor_parallel", said, "/tp"))
        if model.moe and self.tp > 1:
            raise SpecError(Problem("tensor_parallel", "Experts are not split here.", "/tp", "Take 1."))
        if model.tied_embeddings and self.tp > 1:
            raise SpecError(Problem("tensor_parallel", "Tied embeddings are not split here.", "/tp"))
        check_counts(self.measured_layers, model)
        return self


class ServingRow(MixtureRow):
    """Memory is what the allocator gave out and held at most; on a CPU the tensors alive at once, and 0."""

    peak_memory_bytes: float = Field(gt=0, le=1e15)
    reserved_bytes: float = Field(ge=0, le=1e15)


def _keys(params: ServingStepParams) -> tuple[Key, ...]:
    return tuple(
        {**step.model_dump(), "layers": layers}
        for layers in params.measured_layers or (params.model.layers,)
        for step in params.steps
    )


def _work(params: ServingStepParams, key: Key) -> Work:
    """Weights are read once, and so are the keys and values of the context; only last tokens have logits.

    Of the experts those are read that some token goes to, were all as likely.
    """
    model, size, layers = params.model, ELEMENT_BYTES[params.precision], key["layers"]
    tokens, context = key["sequences"] * key["tokens"], key["start"] + key["tokens"]
    pairs = key["sequences"] * causal_pairs(key["tokens"], key["start"])
    flops = model.forward_flops(tokens, pairs=pairs, layers=layers, heads=key["sequences"])
    touched = model.moe.touched(tokens) if model.moe else 0.0
    weights = size * (model.products(layers, experts=touched) + model.hidden * model.vocabulary)
    cache = 2.0 * size * layers * key["sequences"] * context * model.key_value_heads * model.head_width
    held = size * tokens * (HELD_WIDTHS * model.hidden + model.widest())
    return Work(
        flops=flops / params.tp,
        moved_bytes=(weights + cache) / params.tp,
        link_bytes=4.0 * size * tokens * model.hidden * layers * (params.tp > 1),
        launches=LAYER_LAUNCHES * layers + model.expert_launches(layers),
        memory_bytes=(_stored(params, layers) + cache) / params.tp + held,
        single=params.precision == "fp32",
    )


def _stored(params: ServingStepParams, layers: int) -> float:
    """Bytes of all weights, the embeddings' too."""
    return float(ELEMENT_BYTES[params.precision] * params.model.parameters(layers))


def _amounts(params: ServingStepParams, key: Key) -> Mapping[str, Any]:
    work = _work(params, key)
    tokens = key["sequences"] * key["tokens"]
    return {"tokens_per_s": tokens, "flops_per_s": work.flops, "bytes_per_s": work.moved_bytes}


RECIPE = Recipe(
    name="serving_step",
    version=1,
    title="Serving step",
    summary="Prefill and decode steps of a decoder with random weights and a cache of keys and values.",
    params=ServingStepParams,
    keys=_keys,
    work=_work,
    row=ServingRow,
    processes=lambda params: params.tp,
    amounts=_amounts,
)
