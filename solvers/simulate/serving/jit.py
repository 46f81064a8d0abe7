"""How the engine's functions are compiled: for one another, without wrappers for Python or counts of references.

A call costs more than most of these functions do, so they are `compiled` into those that call them. What happens once
a request or less, and is called from several places, is `called`: one copy of it is compiled, not one for each place.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

# As arguments: numba would compile a function for each number that is written out, and again for all others.
ZERO: int = np.int64(0)  # type: ignore[assignment]
ONE: int = np.int64(1)  # type: ignore[assignment]

# What numba knows beyond the options that its types name.
OPTIONS: dict[str, Any] = {
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
    "error_model": "numpy",
}
F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The function, compiled into another one that calls it."""
    made: F = njit(**OPTIONS, forceinline=True)(function)
    return made


def called(function: F) -> F:
    """The function, compiled by itself when another one that calls it is."""
    made: F = njit(**OPTIONS)(function)
    return made
