"""Enumeration of products whose factors depend on the row: arrays, no loop over the points."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def divisors(number: int) -> Ints:
    """All divisors, rising."""
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return np.array(sorted({*small, *(number // d for d in small)}), dtype=np.int64)


def ragged(counts: Ints) -> tuple[Ints, Ints]:
    """Row and position for each element of rows that hold `counts` elements."""
    row = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    starts = np.cumsum(counts) - counts
    return row, np.arange(int(counts.sum()), dtype=np.int64) - starts[row]


def product(*factors: Ints) -> tuple[Ints, ...]:
    """Columns of the Cartesian product, the last factor fastest."""
    grids = np.meshgrid(*factors, indexing="ij")
    return tuple(grid.ravel() for grid in grids)


def spread(row_keys: Ints, choices: dict[int, Ints]) -> tuple[Ints, Ints]:
    """For each row the choices of its key: the row index and the chosen value, one element for each choice."""
    keys, which = np.unique(row_keys, return_inverse=True)
    lists = [choices[int(key)] for key in keys]
    sizes = np.array([len(values) for values in lists], dtype=np.int64)
    offsets = np.cumsum(sizes) - sizes
    row, position = ragged(sizes[which])
    flat = np.concatenate(lists) if lists else np.zeros(0, dtype=np.int64)
    return row, flat[offsets[which[row]] + position]
