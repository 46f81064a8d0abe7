"""Random operands, and enough sets of them that no run finds its own in cache."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

DTYPES = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "fp8": torch.float8_e4m3fn,
}
# The last level of a CPU's cache where the system does not say.
ASSUMED_CACHE_BYTES, MOST_SETS = 32 * 2**20, 64
LAST_LEVEL = Path("/sys/devices/system/cpu/cpu0/cache/index3/size")
UNITS = {"K": 2**10, "M": 2**20}


def cache_bytes(device: torch.device) -> int:
    """The cache that all cores of a device share."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).L2_cache_size)
    text = LAST_LEVEL.read_text().strip() if LAST_LEVEL.exists() else ""
    return int(text[:-1]) * UNITS[text[-1]] if text[-1:] in UNITS else ASSUMED_CACHE_BYTES


T = TypeVar("T")


def sets(make: Callable[[], T], *, size_bytes: float, device: torch.device) -> list[T]:
    """As many of what `make` makes, each of `size_bytes`, as fill the cache twice."""
    number = math.ceil(2 * cache_bytes(device) / max(size_bytes, 1.0))
    return [make() for _ in range(min(max(number, 1), MOST_SETS))]


def random(*shape: int, precision: str, device: torch.device) -> torch.Tensor:
    """Normal numbers: products of zeros run faster than those of data."""
    return torch.randn(*shape, device=device).to(DTYPES[precision])
