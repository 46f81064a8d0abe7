"""What a layer is made of, as records: its framework's habits, its matrix products, what it keeps for later."""

from dataclasses import dataclass
from typing import Literal

from solvers.cost.layouts import Number

Split = Literal["columns", "inner", "whole", "expert_columns", "expert_inner"]
Stored = Literal["sequence", "tensor", "kv", "replicated", "reduced", "expert_tokens", "expert_hidden"]

# Bytes of an element that a product keeps for its weight gradient when it computes in FP8 or NVFP4: the numbers, and
# for NVFP4 an FP8 scale for every sixteen. FP8 weights are kept twice, along rows and columns, instead of 16-bit ones;
# NVFP4 ones lie so beside them [nvidia2025transformerengine].
LINEAR_INPUT_BYTES = {"fp8": 1.0, "fp4": 0.5625}
WEIGHT_COPIES = {"fp4": 1.125}


@dataclass(frozen=True)
class Stack:
    """What the training framework does: kernels, dropout, overlap of traffic, and what it keeps in memory.

    loss        how cross entropy treats the logits: solvers.cost.stored.LOSS_BYTES
    weights     copied: 16-bit weights beside the optimizer's fp32 copy; cast: fp32 weights, cast when they are gathered
    selective   modules: norms, activation functions and attention scores run again [korthikanti2023reducing];
                operators: results of attention and of every other product are kept [liang2024torchtitan]
    compiled    the compiler drops what the backward pass never reads
    regathers   inputs that sequence parallelism gathered are gathered again in the backward pass, not kept whole
                [korthikanti2023reducing, section 4.2.2]
    linear_input_bytes   of an element that a product keeps for its weight gradient: 2, or 1 in FP8
    weight_copies        bytes of low-precision copies beside each 16-bit weight
    balanced_experts     the router is made to spread tokens evenly, as benchmarks do
    graphs      kernels replayed from CUDA graphs, not issued one by one; parts: all but those of the experts, whose
                shapes vary
    merged_dispatch      a token travels once to a rank with some of its experts, and is sorted by expert on the way, as
                DeepEP and HybridEP do [deepseek2024v3, section 3.2.2]; otherwise once for each expert
    wide_products        products that recipes for FP4 leave at so many times the rate of 16 bit
    narrow_layers        share of the layers whose other products run in the precision
    short_last           the last chunk of a pipeline holds the layers that are left over, beside the model's heavy end
    overlap_exchange     another micro-batch computes while tokens travel [deepseek2024v3, section 3.2.1]
    fused_experts        activation, bias and casts happen inside of the experts' grouped products
    experts              how a product of a rank's experts that are not fused runs: kernels of a loop that fill the GPU
                together; one kernel; or one product apart from the other, as a CPU computes
    expert_pieces        exchange and products of experts are cut into pieces that work side by side (`exchange.py`)
    """

    attention: Literal["flash", "flash2", "flash1", "unfused"] = "flash"
    dropout: bool = False
    overlap: bool = True
    gradient_bytes: int = 4
    overlap_gradients: bool = True
    overlap_weights: bool = True
    overlap_tensor: bool = False
    loss: Literal["eager", "fp32", "fused", "chunked"] = "fp32"
    weights: Literal["copied", "cast"] = "copied"
    moment_bytes: int = 4
    selective: Literal["modules", "operators"] = "modules"
    compiled: bool = True
    regathers: bool = True
    linear_input_bytes: float = 2.0
    weight_copies: float = 0.0
    balanced_experts: bool = False
    graphs: Literal["none", "parts", "all"] = "none"
    fused_experts: bool = False
    experts: Literal["loop", "kernel", "apart"] = "loop"
    merged_dispatch: bool = True
    overlap_exchange: bool = False
    short_last: bool = False
    wide_products: tuple[tuple[str, float], ...] = ()
    narrow_layers: float = 1.0
    expert_load: float | None = None
    expert_pieces: bool = False


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
    """`bytes` for each token of the average layer, how they are cut, and what selective recomputation does to them.

    It drops some (`dropped`), and keeps others only because its rule says so (`added`).
    """

    name: str
    bytes: Number
    stored: Stored
    dropped: bool = False
    added: bool = False
