"""How the engine's functions are compiled: for one another, without wrappers for Python or counts of references."""

from collections.abc import Callable
from typing import TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The function, compiled when another one that calls it is."""
    made: F = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)(function)  # type: ignore[call-overload]
    return made
