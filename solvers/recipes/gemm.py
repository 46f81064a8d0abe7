"""How fast matrices are multiplied, shape by shape: the products that a plan is made of."""

from typing import Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive
from solvers.errors import Problem, SpecError
from solvers.recipes.machine import Work
from solvers.recipes.recipe import Key, Recipe, Repeated

Precision = Literal["fp32", "tf32", "bf16", "fp16", "fp8"]
ELEMENT_BYTES = {"fp32": 4, "tf32": 4, "bf16": 2, "fp16": 2, "fp8": 1}
# Precisions that a CPU does not have, or not as such, and what the scaled product of 8 bits asks of its sizes.
GPU_ONLY, FP8_MULTIPLE = ("tf32", "fp8"), 16
MOST = 262_144


class Shape(Part):
    """One product: m rows by k, times k by n columns; `batch` of them at once."""

    m: Positive = Field(le=MOST, title="Rows")
    n: Positive = Field(le=MOST, title="Columns")
    k: Positive = Field(le=MOST, title="Inner size")
    batch: Positive = Field(default=1, le=4096, title="Products at once")


class GemmParams(Repeated):
    shapes: tuple[Shape, ...] = Field(
        default=(Shape(m=512, n=512, k=512),), min_length=1, max_length=300, title="Shapes",
        json_schema_extra={"x-each": "shape"},
    )  # fmt: skip
    precisions: tuple[Precision, ...] = Field(default=("fp32",), min_length=1, max_length=5, title="Precisions")

    @model_validator(mode="after")
    def _possible(self) -> "GemmParams":
        lacking = [name for name in self.precisions if name in GPU_ONLY]
        if self.device == "cpu" and lacking:
            raise SpecError(Problem("no_such_precision", f"A CPU has no products in {lacking[0]}.", "/precisions"))
        odd = [i for i, s in enumerate(self.shapes) if s.n % FP8_MULTIPLE or s.k % FP8_MULTIPLE or s.batch > 1]
        if "fp8" in self.precisions and odd:
            said = f"In fp8, n and k are multiples of {FP8_MULTIPLE} and products come one at a time."
            raise SpecError(Problem("fp8_shape", said, f"/shapes/{odd[0]}"))
        return self


def _keys(params: GemmParams) -> tuple[Key, ...]:
    return tuple({**shape.model_dump(), "precision": name} for name in params.precisions for shape in params.shapes)


def _work(_: GemmParams, key: Key) -> Work:
    """2 m n k operations; each operand and the result move once. Results of 8 bits are written in 16."""
    m, n, k, batch = (float(key[name]) for name in ("m", "n", "k", "batch"))
    size = ELEMENT_BYTES[key["precision"]]
    moved = batch * (size * (m * k + k * n) + max(size, 2) * m * n)
    return Work(2.0 * m * n * k * batch, moved, memory_bytes=moved, single=key["precision"] == "fp32")


RECIPE = Recipe(
    name="gemm",
    version=1,
    title="Matrix products",
    summary="Products of the shapes and precisions that a plan has, each with operands that are not in cache.",
    params=GemmParams,
    keys=_keys,
    work=_work,
)
