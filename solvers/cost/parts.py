"""What a layer is made of, as records: its framework's habits, its matrix products, what it keeps for later."""

from dataclasses import dataclass
from typing import Literal

from solvers.cost.layouts import Number

Split = Literal["columns", "inner", "whole", "expert_columns", "expert_inner"]
Stored = Literal["sequence", "tensor", "expert_tokens", "expert_hidden"]


@dataclass(frozen=True)
class Stack:
    """What the training framework does: the attention kernel, dropout, overlap of traffic, width of gradients."""

    attention: Literal["flash", "flash2", "flash1", "unfused"] = "flash"
    dropout: bool = False
    overlap: bool = True
    gradient_bytes: int = 4
    overlap_gradients: bool = True
    overlap_weights: bool = True
    overlap_tensor: bool = False


@dataclass(frozen=True)
class Adapters:
    """Low-rank matrices of `rank` beside the products called `targets` [hu2022lora, section 4.1].

    All other weights are frozen and take `frozen_bytes` each.
    """

    rank: Number
    targets: tuple[str, ...]
    frozen_bytes: float = 2.0


@dataclass(frozen=True)
class Gemm:
    """`share` times a layer: (`rows` tokens) x `inner` x `columns`; KV columns are never cut finer than a KV head."""

    name: str
    share: Number
    columns: Number
    inner: Number
    split: Split
    rows: Number = 1.0
    kv_columns: Number = 0.0

    @property
    def parameters(self) -> Number:
        """Weights of one such product, uncut."""
        return (self.columns + self.kv_columns) * self.inner


@dataclass(frozen=True)
class Activation:
    """`bytes` for each token of the average layer, how they are cut, and whether selective recomputation drops them."""

    name: str
    bytes: Number
    stored: Stored
    dropped: bool = False
