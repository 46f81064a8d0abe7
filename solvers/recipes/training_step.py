"""A step of training a decoder: forward, backward, gradients summed, Adam; split as a plan splits it.

Where the whole model is too much for the node, fewer layers are measured (`layers`).
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive
from solvers.errors import Problem, SpecError
from solvers.recipes.layers import COUNTS, Counts, check_counts
from solvers.recipes.machine import Work
from solvers.recipes.model import Model, causal_pairs
from solvers.recipes.recipe import Key, Recipe, Repeated
from solvers.recipes.result import MixtureRow

# Bytes of a parameter in training: itself, gradient and two moments, in 32 bits; and its rounding to 16.
STATE_BYTES, COPY_BYTES = 16, 2
# Widths of the hidden state that a layer keeps for its backward pass, about: its inputs, norms, queries, keys, values,
# attention and the products' inputs [korthikanti2023reducing, section 4.1 without scores and dropout: 34 bytes less
# masks, in 16 bits]. It bounds what may be asked; it is no prediction.
KEPT_WIDTHS = 17.0
# Kernels of a layer's forward and backward pass and of its share of the optimizer, about.
LAYER_LAUNCHES = 120.0
# Logits are kept in the precision of arithmetic and in 32 bits, and so are their gradients.
LOGIT_BYTES = 12.0


class Parallel(Part):
    """How the model is split: each factor of the number of processes."""

    dp: Positive = Field(default=1, le=4096, title="Replicas")
    fsdp: Positive = Field(default=1, le=4096, title="Shards of parameters, gradients and optimizer")
    tp: Positive = Field(default=1, le=64, title="Tensor parallel")


class TrainingStepParams(Repeated):
    model: Model = Field(default=Model(), title="Model")
    sequence_length: Positive = Field(default=64, le=1_048_576, title="Sequence length")
    micro_batch: Positive = Field(
        default=1, le=4096, title="Micro-batch", description="Sequences at once in a process."
    )
    micro_batches: Positive = Field(default=1, le=4096, title="Micro-batches in a step")
    precision: Literal["fp32", "bf16"] = Field(
        default="fp32", title="Precision", description="Of products; parameters and moments stay in 32 bits."
    )
    recompute: Literal["none", "selective", "full"] = Field(
        default="none",
        title="Recompute",
        description="selective: results of products and attention are kept, all else runs again; full: layers do.",
    )
    parallel: Parallel = Field(default=Parallel(), title="Parallel")
    measured_layers: Counts = COUNTS

    @model_validator(mode="after")
    def _possible(self) -> "TrainingStepParams":
        model, tp = self.model, self.parallel.tp
        if model.key_value_heads % tp or model.ffn % tp or model.vocabulary % tp:
            said = f"{tp} do not share the heads, the feed-forward width and the vocabulary evenly."
            raise SpecError(Problem("tensor_parallel", said, "/parallel/tp"))
        if model.moe and tp > 1:
            raise SpecError(Problem("tensor_parallel", "Experts are not split here.", "/parallel/tp", "Take 1."))
        if model.tied_embeddings and tp > 1:
            raise SpecError(Problem("tensor_parallel", "Tied embeddings are not split here.", "/parallel/tp"))
        check_counts(self.measured_layers, model)
        return self

    @property
    def data_parallel(self) -> int:
        """Processes that see different sequences, times those that share their work."""
        return self.parallel.dp * self.parallel.fsdp

    @property
    def tokens(self) -> int:
        """Tokens of a step, over all processes."""
        return self.data_parallel * self.micro_batches * self.micro_batch * self.sequence_length


class TrainingRow(MixtureRow):
    """`loss` is that of the first step; memory is what the allocator gave out and held at most, in the first process.

    On a CPU, which has no such allocator, it is the tensors alive at once, and nothing is known of what is held.
    """

    loss: float = Field(ge=0, le=1e4)
    peak_memory_bytes: float = Field(gt=0, le=1e15)
    reserved_bytes: float = Field(ge=0, le=1e15)


def _keys(params: TrainingStepParams) -> tuple[Key, ...]:
    return tuple({"layers": layers} for layers in params.measured_layers or (params.model.layers,))


def _work(params: TrainingStepParams, key: Key) -> Work:
    """A backward pass is two forward passes; recomputing all is one more."""
    passes = 4.0 if params.recompute == "full" else 3.0
    parameters = params.model.parameters(key["layers"]) / params.parallel.tp
    moved = params.micro_batches * passes * 2.0 * parameters + 2.0 * STATE_BYTES * parameters
    shared = params.data_parallel > 1 or params.parallel.tp > 1
    return Work(
        flops=passes * _forward(params, key) / params.parallel.tp,
        moved_bytes=moved,
        link_bytes=(8.0 * parameters + _kept(params, key)) * shared,
        launches=(LAYER_LAUNCHES * key["layers"] + passes * params.model.expert_launches(key["layers"]))
        * params.micro_batches,
        memory_bytes=_memory(params, key),
        single=params.precision == "fp32",
    )


def _forward(params: TrainingStepParams, key: Key) -> float:
    """Operations of the forward passes of one replica's step."""
    sequences = params.micro_batches * params.micro_batch
    tokens, pairs = sequences * params.sequence_length, sequences * causal_pairs(params.sequence_length)
    return params.model.forward_flops(tokens, pairs=pairs, layers=key["layers"])


def _memory(params: TrainingStepParams, key: Key) -> float:
    parameters = params.model.parameters(key["layers"]) / params.parallel.tp
    states = parameters * (STATE_BYTES / params.parallel.fsdp + COPY_BYTES)
    tokens = params.micro_batch * params.sequence_length
    return states + _kept(params, key) + LOGIT_BYTES * tokens * params.model.vocabulary / params.parallel.tp


def _kept(params: TrainingStepParams, key: Key) -> float:
    """Bytes that the layers keep of a micro-batch."""
    element, model, layers = (4 if params.precision == "fp32" else 2), params.model, key["layers"]
    full = params.recompute == "full"
    kept = model.hidden * layers if full else KEPT_WIDTHS * model.hidden * layers + model.inner_widths(layers)
    again = KEPT_WIDTHS * model.hidden + model.widest()
    found: float = element * params.micro_batch * params.sequence_length * (kept + again)
    return found


def _amounts(params: TrainingStepParams, key: Key) -> Mapping[str, Any]:
    """Tokens of all processes, and the operations of one of them that recomputing does not add to."""
    return {"tokens_per_s": params.tokens, "flops_per_s": 3.0 * _forward(params, key) / params.parallel.tp}


RECIPE = Recipe(
    name="training_step",
    version=1,
    title="Training step",
    summary="A real step of a decoder: forward, backward and Adam, sharded and split as planned.",
    params=TrainingStepParams,
    keys=_keys,
    work=_work,
    row=TrainingRow,
    processes=lambda params: params.data_parallel * params.parallel.tp,
    amounts=_amounts,
)
