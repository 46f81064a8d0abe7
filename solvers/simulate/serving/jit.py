"""How the engine's functions are compiled: for one another, without wrappers for Python or counts of references."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

# What numba knows beyond the options that its types name; a call costs more than most of these functions do.
OPTIONS: dict[str, Any] = {
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
    "error_model": "numpy",
    "forceinline": True,
}
F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The function, compiled when another one that calls it is."""
    made: F = njit(**OPTIONS)(function)
    return made
