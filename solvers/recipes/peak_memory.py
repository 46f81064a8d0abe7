"""What a layer keeps for its backward pass, and the most that it holds at once."""

from typing import Literal

from pydantic import Field

from solvers.base import Positive
from solvers.recipes import training_step
from solvers.recipes.machine import Work
from solvers.recipes.model import Model
from solvers.recipes.recipe import Key, Recipe, Repeated
from solvers.recipes.result import Row

Recompute = Literal["none", "selective", "full"]


class PeakMemoryParams(Repeated):
    model: Model = Field(default=Model(), title="Model", description="One layer of it is measured: the last.")
    sequence_length: Positive = Field(default=64, le=1_048_576, title="Sequence length")
    micro_batches: tuple[Positive, ...] = Field(
        default=(1, 2), min_length=1, max_length=20, title="Micro-batches", description="Sequences at once."
    )
    precision: Literal["fp32", "bf16"] = Field(default="fp32", title="Precision")
    recompute: tuple[Recompute, ...] = Field(
        default=("none", "selective", "full"), min_length=1, max_length=3, title="Recompute"
    )


class PeakMemoryRow(Row):
    """`kept_bytes` are alive between forward and backward pass, beside weights and input; `peak_bytes` at most."""

    kept_bytes: float = Field(ge=0, le=1e15)
    peak_bytes: float = Field(gt=0, le=1e15)


def _keys(params: PeakMemoryParams) -> tuple[Key, ...]:
    return tuple(
        {"recompute": again, "micro_batch": size} for again in params.recompute for size in params.micro_batches
    )


def _work(params: PeakMemoryParams, key: Key) -> Work:
    """As a training step of one layer with next to no vocabulary."""
    step = training_step.TrainingStepParams(
        model=params.model.one_layer().model_copy(update={"vocabulary": 1}),
        sequence_length=params.sequence_length,
        micro_batch=key["micro_batch"],
        precision=params.precision,
        recompute=key["recompute"],
    )
    return training_step.RECIPE.work(step, {"layers": 1})


RECIPE = Recipe(
    name="peak_memory",
    version=1,
    title="Memory of a layer",
    summary="Bytes that a layer keeps for its backward pass and holds at most, without and with recomputing.",
    params=PeakMemoryParams,
    keys=_keys,
    work=_work,
    row=PeakMemoryRow,
)
