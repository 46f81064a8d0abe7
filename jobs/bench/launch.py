"""Kernels that do next to nothing: what they take is their launch."""

from collections.abc import Callable
from typing import Any

import torch

from jobs.bench.timing import Bench
from solvers.documents import Document

WIDTH = 16


def row(_: Any, key: Document, bench: Bench) -> Document:
    """One operation in one mode."""
    launch = _add(bench.device) if key["operation"] == "add" else _linear(bench.device)

    @torch.no_grad()
    def many() -> None:
        for _ in range(key["kernels"]):
            launch()

    return bench.timed(many, graph=key["mode"] == "graph")


def _add(device: torch.device) -> Callable[[], object]:
    number = torch.zeros(1, device=device)
    return lambda: number.add_(1.0)


def _linear(device: torch.device) -> Callable[[], object]:
    module, x = torch.nn.Linear(WIDTH, WIDTH, device=device), torch.randn(1, WIDTH, device=device)
    return lambda: module(x)
