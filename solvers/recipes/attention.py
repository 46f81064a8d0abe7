"""How fast attention is: prompts, chunks of them, single tokens after a context, forward alone or backward too."""

from typing import Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive
from solvers.errors import Problem, SpecError
from solvers.recipes.machine import Work
from solvers.recipes.model import causal_pairs
from solvers.recipes.recipe import Key, Recipe, Repeated

Backend = Literal["auto", "flash", "efficient", "cudnn", "math"]
GPU_ONLY = ("efficient", "cudnn")
ELEMENT_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
# A fused backward pass makes the scores again and has four products more: 2.5 forward passes [dao2023flashattention2].
BACKWARD = 2.5


class Case(Part):
    """The last `queries` of `context` tokens, each of which sees itself and what came before; 1: a decode step."""

    batch: Positive = Field(default=1, le=65_536, title="Sequences")
    queries: Positive = Field(le=1_048_576, title="Queries")
    context: Positive = Field(le=1_048_576, title="Keys and values")
    heads: Positive = Field(le=1024, title="Heads")
    kv_heads: Positive = Field(le=1024, title="Key-value heads")
    head_dim: Positive = Field(le=512, title="Head width")
    backward: bool = Field(default=False, title="Backward pass too")

    @model_validator(mode="after")
    def _possible(self) -> "Case":
        if self.queries > self.context:
            raise SpecError(Problem("queries", "Queries are among the keys; there are more of them.", "/queries"))
        if self.heads % self.kv_heads:
            said = f"{self.kv_heads} key-value heads do not divide {self.heads} heads."
            raise SpecError(Problem("heads", said, "/kv_heads"))
        return self


EXAMPLE = Case(queries=128, context=128, heads=4, kv_heads=2, head_dim=32)


class AttentionParams(Repeated):
    cases: tuple[Case, ...] = Field(
        default=(EXAMPLE,), min_length=1, max_length=200, title="Cases", json_schema_extra={"x-each": "case"}
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(default="fp32", title="Precision")
    backends: tuple[Backend, ...] = Field(
        default=("auto",), min_length=1, max_length=5, title="Kernels", description="auto: as torch chooses."
    )

    @model_validator(mode="after")
    def _there(self) -> "AttentionParams":
        lacking = [name for name in self.backends if name in GPU_ONLY]
        if self.device == "cpu" and lacking:
            raise SpecError(Problem("no_such_backend", f"A CPU has no {lacking[0]} kernel.", "/backends"))
        return self


def _keys(params: AttentionParams) -> tuple[Key, ...]:
    return tuple(
        {**case.model_dump(), "precision": params.precision, "backend": backend}
        for backend in params.backends
        for case in params.cases
    )


def _work(_: AttentionParams, key: Key) -> Work:
    """Two products of four operations for each pair and width; queries and results, keys and values move once.

    The plain kernel (math) also holds its scores and their softmax.
    """
    batch, width, size = float(key["batch"]), key["head_dim"], ELEMENT_BYTES[key["precision"]]
    pairs = causal_pairs(key["queries"], key["context"] - key["queries"])
    passes = 1.0 + BACKWARD * key["backward"]
    moved = size * batch * width * 2.0 * (key["queries"] * key["heads"] + key["context"] * key["kv_heads"])
    scores = 2.0 * size * batch * key["heads"] * key["queries"] * key["context"] * (key["backend"] == "math")
    return Work(
        flops=4.0 * batch * pairs * key["heads"] * width * passes,
        moved_bytes=moved * passes,
        memory_bytes=moved * (1.0 + key["backward"]) + scores,
        single=key["precision"] == "fp32",
    )


RECIPE = Recipe(
    name="attention",
    version=1,
    title="Attention",
    summary="Causal attention of prompts, chunks and single tokens, with the kernels that torch has for it.",
    params=AttentionParams,
    keys=_keys,
    work=_work,
)
