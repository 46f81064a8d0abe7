"""A decoder split over processes: tensor parallel within layers, parameters and optimizer in shards, replicas.

In 16 bits, shards come in them from parameters of 32; a model that is not in shards has its parameters in 16 bits.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import Replicate, Shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

from jobs.bench.transformer import Decoder, decoder
from solvers.recipes.training_step import TrainingStepParams

LAYER = {
    "attention.qkv": ColwiseParallel,
    "attention.out": RowwiseParallel,
    "feed_forward.up": ColwiseParallel,
    "feed_forward.gate": ColwiseParallel,
    "feed_forward.down": RowwiseParallel,
}


@dataclass(frozen=True)
class Split:
    """A decoder on this process, and this process's place among those that see different sequences."""

    model: Decoder
    sharded: bool
    data_rank: int


def split(params: TrainingStepParams, layers: int, device: torch.device) -> Split:
    """The model of `params` with so many layers, split as they say."""
    whole, sharded = params.parallel, params.data_parallel > 1
    dtype = torch.bfloat16 if params.precision == "bf16" and not sharded else torch.float32
    make = partial(decoder, params.model, layers, device=device, again=params.recompute)
    if not dist.is_initialized():
        return Split(make(finish=lambda block: block.to(dtype)).to(dtype), sharded=False, data_rank=0)
    mesh = init_device_mesh(device.type, (whole.dp, whole.fsdp, whole.tp), mesh_dim_names=("dp", "fsdp", "tp"))
    shards = mesh["dp", "fsdp"] if whole.dp > 1 else mesh["fsdp"]
    policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    options = {"mesh": shards, "mp_policy": policy if params.precision == "bf16" else MixedPrecisionPolicy()}

    def finish(block: nn.Module) -> nn.Module:
        block = block.to(dtype)
        if whole.tp > 1:
            split_layer(block, mesh["tp"], gated=params.model.gated)
        return fully_shard(block, **options) if sharded else block

    model = make(finish=finish).to(dtype)
    if whole.tp > 1:
        outer_split(model, mesh["tp"], gathered=False)
    if sharded:
        fully_shard(model, **options)
    place = mesh.get_local_rank("dp") * whole.fsdp + mesh.get_local_rank("fsdp")
    return Split(model, sharded=sharded, data_rank=place)


def split_layer(block: nn.Module, mesh: Any, *, gated: bool) -> nn.Module:
    """One layer split within itself: groups of heads, and the feed-forward width."""
    plan = {name: style() for name, style in LAYER.items() if gated or "gate" not in name}
    return parallelize_module(block, mesh, plan, src_data_rank=None)


def outer_split(model: Decoder, mesh: Any, *, gathered: bool) -> None:
    """Embedding and head by vocabulary; logits are gathered, or stay split for a loss that is computed so."""
    head = ColwiseParallel(output_layouts=Replicate() if gathered else Shard(-1), use_local_output=gathered)
    plan = {"embedding": RowwiseParallel(input_layouts=Replicate()), "head": head}
    parallelize_module(model, mesh, plan, src_data_rank=None)
