"""How fast the operations between products are: norms, activations, positions, softmax, Adam. Memory bounds them."""

from typing import Literal

from pydantic import Field

from solvers.base import Part, Positive
from solvers.recipes.machine import Work
from solvers.recipes.recipe import Key, Recipe, Repeated

Operation = Literal["add", "rms_norm", "layer_norm", "silu_mul", "gelu", "rotary", "softmax", "adam"]
ELEMENT_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
# Reads and writes of each element. Adam reads the gradient, and reads and writes parameter and two moments, always in
# 32 bits.
MOVES = {"add": 3, "rms_norm": 2, "layer_norm": 2, "silu_mul": 3, "gelu": 2, "rotary": 2, "softmax": 2, "adam": 7}


class Size(Part):
    """A matrix of so many tokens."""

    rows: Positive = Field(le=16_777_216, title="Rows")
    width: Positive = Field(le=1_048_576, multiple_of=2, title="Width")


class ElementwiseParams(Repeated):
    operations: tuple[Operation, ...] = Field(
        default=("add", "rms_norm"), min_length=1, max_length=8, title="Operations"
    )
    sizes: tuple[Size, ...] = Field(
        default=(Size(rows=256, width=1024),), min_length=1, max_length=100, title="Sizes",
        json_schema_extra={"x-each": "size"},
    )  # fmt: skip
    precision: Literal["fp32", "bf16", "fp16"] = Field(default="fp32", title="Precision")


def _keys(params: ElementwiseParams) -> tuple[Key, ...]:
    return tuple(
        {"operation": operation, **size.model_dump(), "precision": "fp32" if operation == "adam" else params.precision}
        for operation in params.operations
        for size in params.sizes
    )


def _work(_: ElementwiseParams, key: Key) -> Work:
    elements = float(key["rows"]) * key["width"] * ELEMENT_BYTES[key["precision"]]
    moves = MOVES[key["operation"]]
    return Work(moved_bytes=moves * elements, memory_bytes=moves * elements)


RECIPE = Recipe(
    name="elementwise",
    version=1,
    title="Norms and elementwise operations",
    summary="What runs between products, as torch runs it; the least bytes that must move count.",
    params=ElementwiseParams,
    keys=_keys,
    work=_work,
)
