"""A model as the kernel sees it: the matrix products, traffic and stored bytes of its average layer, for one token.

Symbols
    h hidden   f MLP width   a heads   k KV heads   d head width   V vocabulary   L layers   t tensor-parallel size
Assumptions
    A stage's layers cost as much as the model's average layer: a layer class that stands in a share w of the layers
    contributes w times its cost. Two-byte activations. An MLP's output projection, an attention's output projection
    and an expert's second product are cut along the inner dimension, all others along the columns
    [shoeybi2019megatron].
"""

from dataclasses import dataclass
from functools import lru_cache

from solvers.catalogue import Model
from solvers.catalogue import parameters as count
from solvers.cost.activations import activations_of, elementwise_of, score_bytes_of, working_of
from solvers.cost.layouts import Bools, Number
from solvers.cost.parts import Activation, Gemm, Stack
from solvers.cost.products import gemms_of, kv_width, score_value_width
from solvers.cost.scan import scan_of


@dataclass(frozen=True)
class Architecture:
    """The average layer, and what stands before and after the layers.

    `predicted_ahead` tokens more than the next have a head each and `layers_ahead` layers (multi-token prediction).
    A number may be an array with one value for each row of the shards: many models of one structure at once.
    """

    layers: Number
    hidden: Number
    vocabulary: Number
    heads: Number
    kv_heads: Number
    experts: Number
    top_k: Number
    gemms: tuple[Gemm, ...]
    activations: tuple[Activation, ...]
    attention_width: Number
    attention_share: Number
    window_share: Number
    window: Number
    kv_width: Number
    score_bytes: Number
    moe_share: Number
    shared_share: Number
    elementwise_sequence: Number
    elementwise_tensor: Number
    elementwise_expert: Number
    working_tensor: Number
    working_expert: Number
    scan_flops: Number
    scan_bytes: Number
    split_parameters: Number
    whole_parameters: Number
    expert_parameters: Number
    embedding_parameters: Number
    head_parameters: Number
    tied: bool | Bools
    kernels: Number
    predicted_ahead: Number
    layers_ahead: Number

    @property
    def sparse(self) -> bool:
        """Whether there are experts."""
        return any(g.split.startswith("expert") for g in self.gemms)


@lru_cache(maxsize=64)
def architecture_of(model: Model, stack: Stack) -> Architecture:
    """The average layer of `model` under `stack`."""
    gemms = gemms_of(model)
    split = sum(g.share * g.parameters for g in gemms if g.split in ("columns", "inner"))
    expert = sum(g.share * g.parameters for g in gemms if g.split.startswith("expert"))
    experts = model.moe.experts if model.moe else 0
    total = sum(count.layer_parameters(model)) / model.layers
    cores = (model.attention_layers + model.window_layers) / model.layers
    return Architecture(
        layers=model.layers,
        hidden=model.hidden,
        vocabulary=model.vocab,
        heads=model.heads,
        kv_heads=_kv_heads(model),
        experts=experts,
        top_k=model.moe.top_k if model.moe else 0,
        gemms=gemms,
        activations=activations_of(model, stack),
        attention_width=model.heads * score_value_width(model) / 2,
        attention_share=cores,
        window_share=model.window_layers / model.layers,
        window=float(model.window.size) if model.window else 0.0,
        kv_width=float(kv_width(model)),
        score_bytes=score_bytes_of(stack),
        moe_share=model.moe_layers / model.layers,
        shared_share=model.moe_layers / model.layers if model.moe and model.moe.shared_ffn else 0.0,
        **elementwise_of(model, stack),
        **working_of(model),
        **scan_of(model),
        split_parameters=split,
        whole_parameters=max(total - split - expert * experts, 0.0),
        expert_parameters=expert,
        embedding_parameters=float(count.embedding(model)),
        head_parameters=float(count.head(model)),
        tied=model.tied_embeddings,
        kernels=_kernels(model, stack),
        predicted_ahead=model.mtp_layers,
        layers_ahead=model.mtp_layers * (LETTERS_AHEAD if model.pattern else 1),
    )


def _kv_heads(model: Model) -> int:
    return model.heads if model.mla else model.kv_heads


# A model whose layers are mixers or blocks predicts ahead with one of each: `*E` in the recipes of Nemotron 3.
LETTERS_AHEAD = 2
# Operators of one layer's forward pass beside its products: norms, residual sums, activation, reshapes, casts; the
# unfused core adds mask, softmax, dropout and copies, a mixture adds routing and permutation. Counted in the reference
# implementation [shoeybi2019megatron].
OTHER_KERNELS, UNFUSED_KERNELS, ROUTING_KERNELS = 16, 8, 20


def _kernels(model: Model, stack: Stack) -> float:
    """Kernels of a forward pass through the average layer."""
    attention = (model.attention_layers + model.window_layers) / model.layers
    unfused = UNFUSED_KERNELS * attention if stack.attention == "unfused" else 0.0
    routing = ROUTING_KERNELS * model.moe_layers / model.layers
    return float(sum(g.share for g in gemms_of(model))) + attention + OTHER_KERNELS + unfused + routing
