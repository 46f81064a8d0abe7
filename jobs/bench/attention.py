"""Causal attention with each of torch's kernels."""

from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from jobs.bench.operands import random, sets
from jobs.bench.timing import Bench, Run
from jobs.bench.transformer import attended
from solvers.documents import Document
from solvers.errors import Problem, SolveError

BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "math": SDPBackend.MATH,
}


def row(_: Any, key: Document, bench: Bench) -> Document:
    """One case with one kernel. SolveError: the kernel does not take it."""
    size = 2.0 * key["batch"] * key["head_dim"] * key["context"] * key["kv_heads"]
    runs = sets(partial(attention, key, bench.device), size_bytes=size, device=bench.device)
    try:
        with sdpa_kernel(BACKENDS[key["backend"]]) if key["backend"] != "auto" else nullcontext():
            return bench.timed(*runs, graph=not key["backward"])
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        said = f"The kernel {key['backend']} does not take this case: {str(error)[:200]}"
        raise SolveError(Problem("no_kernel", said, "/backends", "Leave it out, or take auto.")) from None


def attention(key: Document, device: torch.device) -> Run:
    """A case's attention of operands of its own."""
    batch, width = key["batch"], key["head_dim"]
    shapes = [(key["heads"], key["queries"]), (key["kv_heads"], key["context"]), (key["kv_heads"], key["context"])]
    q, k, v = (
        random(batch, heads, tokens, width, precision=key["precision"], device=device) for heads, tokens in shapes
    )
    if not key["backward"]:
        return partial(attended, q, k, v)
    for part in (q, k, v):
        part.requires_grad_()
    return partial(_both, q, k, v, torch.randn_like(q))


def _both(q: Tensor, k: Tensor, v: Tensor, gradient: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(attended(q, k, v), (q, k, v), gradient)
