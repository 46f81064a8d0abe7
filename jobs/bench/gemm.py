"""Matrix products, each set of operands on its own in memory."""

from functools import partial
from typing import Any

import torch

from jobs.bench.operands import random, sets
from jobs.bench.timing import Bench, Run
from solvers.documents import Document
from solvers.recipes.gemm import ELEMENT_BYTES


def row(_: Any, key: Document, bench: Bench) -> Document:
    """One shape in one precision."""
    torch.backends.cuda.matmul.allow_tf32 = key["precision"] == "tf32"
    size = ELEMENT_BYTES[key["precision"]] * key["batch"] * key["k"] * (key["m"] + key["n"])
    return bench.timed(*sets(partial(product, key, bench.device), size_bytes=size, device=bench.device))


def product(key: Document, device: torch.device) -> Run:
    """A product of random operands; the second is stored as the weights of a linear layer are, n by k."""
    precision, m, n, k = key["precision"], key["m"], key["n"], key["k"]
    batch = (key["batch"],) if key["batch"] > 1 else ()
    left = random(*batch, m, k, precision=precision, device=device)
    right = random(*batch, n, k, precision=precision, device=device).transpose(-1, -2)
    if precision == "fp8":
        one = torch.ones((), device=device)
        return partial(torch._scaled_mm, left, right, one, one, out_dtype=torch.bfloat16)  # noqa: SLF001 -- the only way
    return partial(torch.matmul, left, right, out=torch.empty(*batch, m, n, dtype=left.dtype, device=device))
