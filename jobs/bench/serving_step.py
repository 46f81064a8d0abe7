"""A serving step: a forward pass with caches of keys and values, and the likeliest next token of each sequence."""

from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh

from jobs.bench.experts import told
from jobs.bench.peak import peak_of
from jobs.bench.split import outer_split, split_layer
from jobs.bench.timing import Bench
from jobs.bench.transformer import Cache, Decoder, decoder
from solvers.documents import Document
from solvers.recipes.serving_step import ServingStepParams

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def row(params: ServingStepParams, key: Document, bench: Bench) -> Document:
    """One step with one count of layers."""
    model = served(params, key["layers"], bench.device)
    caches = filled(model, key, dtype=DTYPES[params.precision], device=bench.device)
    step = step_of(model, caches, key, bench.device)
    half = params.precision == "bf16"
    # Where experts follow one another, the host reads how many tokens each has: no graph holds that.
    timed = bench.timed(step, graph=half or params.model.moe is None)
    held = [*model.parameters(), *(part for cache in caches for part in cache)]
    peak, reserved = peak_of(step, held=held, device=bench.device)
    experts = told(model.modules(), device=bench.device, half=half)
    return {**timed, "peak_memory_bytes": peak, "reserved_bytes": reserved, **experts}


def filled(model: Decoder, key: Document, *, dtype: torch.dtype, device: torch.device) -> list[Cache]:
    """Caches with room for the new tokens, full of random keys and values."""
    like = torch.empty(0, dtype=dtype, device=device)
    caches = model.caches(key["sequences"], key["start"] + key["tokens"], like=like)
    for cache in caches:
        for part in cache:
            part.normal_()
    return caches


def step_of(model: Decoder, caches: list[Cache], key: Document, device: torch.device) -> Callable[[], torch.Tensor]:
    """The step on random tokens; it answers with the likeliest next ones."""
    tokens = torch.randint(model.model.vocabulary, (key["sequences"], key["tokens"]), device=device)

    @torch.no_grad()
    def step() -> torch.Tensor:
        return model(tokens, caches, key["start"], last=True).argmax(-1)

    return step


def served(params: ServingStepParams, layers: int, device: torch.device) -> Decoder:
    """The model in the precision it is served in, split where several processes share it."""
    dtype = DTYPES[params.precision]
    if not dist.is_initialized():
        return decoder(params.model, layers, device=device, finish=lambda block: block.to(dtype)).to(dtype)
    mesh = init_device_mesh(device.type, (params.tp,))

    def finish(block: nn.Module) -> nn.Module:
        return split_layer(block.to(dtype), mesh, gated=params.model.gated)

    model = decoder(params.model, layers, device=device, finish=finish, shared_by=params.tp).to(dtype)
    outer_split(model, mesh, gathered=True)
    return model
