"""How fast memory is read and written: copies of one buffer into another."""

from pydantic import Field

from solvers.recipes.machine import Work
from solvers.recipes.recipe import Key, Recipe, Repeated
from solvers.units import Bytes

MOST_BYTES = 64e9


class MemoryCopyParams(Repeated):
    sizes: tuple[Bytes, ...] = Field(
        default=(64e6,), min_length=1, max_length=50, title="Sizes", description="Bytes of a buffer.",
        examples=[["64 MB", "1 GB"]],
    )  # fmt: skip


def _keys(params: MemoryCopyParams) -> tuple[Key, ...]:
    return tuple({"size_bytes": round(size)} for size in params.sizes)


def _work(_: MemoryCopyParams, key: Key) -> Work:
    """Each byte is read once and written once."""
    return Work(moved_bytes=2.0 * key["size_bytes"], memory_bytes=2.0 * key["size_bytes"])


RECIPE = Recipe(
    name="memory_copy",
    version=1,
    title="Memory bandwidth",
    summary="Copies of one buffer into another; bytes read and bytes written both count.",
    params=MemoryCopyParams,
    keys=_keys,
    work=_work,
)
