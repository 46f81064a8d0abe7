"""The memory that tensors take: the most at once while something runs, and what is left of it.

A GPU's allocator knows. A CPU's does not say, and so each operation's results are counted there from when they are
made until they are let go; what an operation takes for itself meanwhile is not seen.
"""

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode


def peak_of(run: Callable[[], object], *, held: Iterable[Tensor], device: torch.device) -> tuple[float, float]:
    """Bytes given out at most and bytes held by the allocator at most (0: not known); `held` were there before."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        run()
        torch.cuda.synchronize(device)
        return float(torch.cuda.max_memory_allocated(device)), float(torch.cuda.max_memory_reserved(device))
    counted = _counting(held)
    with counted:
        run()
    return float(counted.peak), 0.0


def kept_after(run: Callable[[], object], *, held: Iterable[Tensor], device: torch.device) -> float:
    """Bytes of what `run` made that its result, still at hand, keeps alive; `held` were there before."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        result = run()
        kept = float(torch.cuda.memory_allocated(device) - before)
        del result
        return kept
    counted = _counting(held)
    before = counted.now
    with counted:
        result = run()
    kept = float(counted.now - before)
    del result
    return kept


def _counting(held: Iterable[Tensor]) -> "_Counted":
    counted = _Counted()
    for tensor in held:
        counted.see(tensor)
    return counted


class _Counted(TorchDispatchMode):
    """Counts storages, each once."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.peak = 0, 0
        self.known: weakref.WeakSet[Any] = weakref.WeakSet()

    def see(self, value: Any) -> None:
        """Counts what a tensor lies in, until that is let go."""
        if not isinstance(value, Tensor):
            return
        local = getattr(value, "_local_tensor", value)
        storage = local.untyped_storage()
        if storage in self.known:
            return
        size = storage.nbytes()
        self.known.add(storage)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._gone, size)

    def _gone(self, size: int) -> None:
        self.now -= size

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for value in _pytree.tree_leaves(made):
            self.see(value)
        return made
