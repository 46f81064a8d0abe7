"""What runs between products."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- its name everywhere

from jobs.bench.operands import random, sets
from jobs.bench.timing import Bench, Run
from jobs.bench.transformer import rotation, turned
from solvers.documents import Document
from solvers.recipes.elementwise import ELEMENT_BYTES, MOVES


def row(_: Any, key: Document, bench: Bench) -> Document:
    """One operation at one size."""
    size = MOVES[key["operation"]] * ELEMENT_BYTES[key["precision"]] * key["rows"] * key["width"]
    runs = sets(partial(operation, key, bench.device), size_bytes=size, device=bench.device)
    return bench.timed(*runs)


def operation(key: Document, device: torch.device) -> Run:
    """The operation on operands of its own."""
    draw = partial(random, key["rows"], key["width"], precision=key["precision"], device=device)
    return MAKERS[key["operation"]](draw)


def _norm(call: Callable[..., Tensor], draw: Callable[[], Tensor]) -> Run:
    x = draw()
    return partial(call, x, (x.shape[-1],), torch.ones_like(x[0]))


def _silu_mul(draw: Callable[[], Tensor]) -> Run:
    gate, up = draw(), draw()
    return lambda: F.silu(gate) * up


def _rotary(draw: Callable[[], Tensor]) -> Run:
    x = draw()
    return partial(turned, x, rotation(x.shape[-1], 0, x.shape[0], like=x))


def _adam(draw: Callable[[], Tensor]) -> Run:
    weight = draw().requires_grad_()
    weight.grad = torch.randn_like(weight)
    optimizer = torch.optim.AdamW([weight], fused=True, capturable=weight.is_cuda)
    return optimizer.step


MAKERS: dict[str, Callable[[Callable[[], Tensor]], Run]] = {
    "add": lambda draw: partial(torch.add, draw(), draw()),
    "rms_norm": partial(_norm, F.rms_norm),
    "layer_norm": partial(_norm, F.layer_norm),
    "silu_mul": _silu_mul,
    "gelu": lambda draw: partial(F.gelu, draw(), approximate="tanh"),
    "rotary": _rotary,
    "softmax": lambda draw: partial(torch.softmax, draw(), -1),
    "adam": _adam,
}
