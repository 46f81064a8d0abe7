"""Copies of one buffer into another."""

from functools import partial
from typing import Any

import torch

from jobs.bench.operands import sets
from jobs.bench.timing import Bench
from solvers.documents import Document


def row(_: Any, key: Document, bench: Bench) -> Document:
    """One size."""
    size = key["size_bytes"]

    def copy() -> Any:
        source = torch.randint(256, (size,), dtype=torch.uint8, device=bench.device)
        return partial(torch.empty_like(source).copy_, source)

    return bench.timed(*sets(copy, size_bytes=2.0 * size, device=bench.device))
