"""What of a model trains: all of its weights, or low-rank adapters beside frozen ones."""

from typing import Literal

from pydantic import Field

from solvers.base import Part, Positive
from solvers.catalogue import Model
from solvers.cost.adapters import TARGETS
from solvers.cost.parts import Adapters
from solvers.cost.products import gemms_of
from solvers.errors import Problem

Task = Literal["pretrain", "sft", "lora"]
FROZEN_BYTES = {"bf16": 2.0, "fp8": 1.0, "fp4": 0.5}


class LowRank(Part):
    """Adapters of a fine-tuning with low rank (LoRA)."""

    rank: Positive = Field(
        default=16, title="Rank", description="Inner width of the two matrices of an adapter.", examples=[16]
    )
    targets: Literal["qkv", "attention", "all"] = Field(
        default="all",
        title="Adapted products",
        description="Queries, keys and values; those and the output of attention; or the feed-forward parts as well."
        " Routed experts stay frozen.",
    )
    frozen: Literal["bf16", "fp8", "fp4"] = Field(
        default="bf16", title="Frozen weights", description="What the weights that do not train are kept in."
    )

    def adapters(self) -> Adapters:
        """As the cost kernel reads them."""
        return Adapters(rank=float(self.rank), targets=TARGETS[self.targets], frozen_bytes=FROZEN_BYTES[self.frozen])


def adapters_of(task: Task, low_rank: LowRank | None) -> Adapters | None:
    """The adapters of a task; None where all weights train."""
    return (low_rank or LowRank()).adapters() if task == "lora" else None


def problems_of(model: Model, task: Task, low_rank: LowRank | None) -> list[Problem]:
    """Adapters without a task for them, that are no thinner than the model, or that fit none of its products."""
    if task != "lora":
        if low_rank is None:
            return []
        message = f"Adapters are given, and the task is {task}, which trains all weights."
        return [Problem("contradiction", message, "/adapters", "Say `task: lora`, or leave the adapters out.")]
    found: list[Problem] = []
    part = low_rank or LowRank()
    if part.rank >= model.hidden:
        message = f"Rank {part.rank:,} is not below the hidden width of {model.hidden:,}."
        found.append(Problem("too_large", message, "/adapters/rank", "Ranks of 8 to 64 are usual."))
    if not any(gemm.name in TARGETS[part.targets] for gemm in gemms_of(model)):
        message = f"The model has no products that the adapters '{part.targets}' stand beside."
        found.append(Problem("no_target", message, "/adapters/targets", "Choose a model with attention layers."))
    return found
