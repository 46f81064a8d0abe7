"""A layer's memory: what is alive between its forward and its backward pass, and at most."""

import torch
from torch import Tensor

from jobs.bench.peak import kept_after, peak_of
from jobs.bench.timing import Bench
from jobs.bench.transformer import INITIAL, Block, rotation
from solvers.documents import Document
from solvers.recipes.peak_memory import PeakMemoryParams


def row(params: PeakMemoryParams, key: Document, bench: Bench) -> Document:
    """One micro-batch with one way of recomputing."""
    model, device = params.model, bench.device
    dtype = torch.bfloat16 if params.precision == "bf16" else torch.float32
    with device:
        block = Block(model, key["recompute"], sparse=model.moe is not None).to(dtype)
        shape = (key["micro_batch"], params.sequence_length, model.hidden)
        x = torch.randn(*shape, dtype=dtype, requires_grad=True)
    for weight in block.parameters():
        torch.nn.init.normal_(weight, std=INITIAL)

    def forward() -> Tensor:
        return block(x, rotation(model.head_width, 0, params.sequence_length, like=x))

    def both() -> None:
        forward().sum().backward()
        x.grad = None
        block.zero_grad()

    timed = bench.timed(both, graph=False)
    held = [x, *block.parameters()]
    kept = kept_after(forward, held=held, device=device)
    peak, _ = peak_of(both, held=held, device=device)
    return {**timed, "kept_bytes": kept, "peak_bytes": peak}
