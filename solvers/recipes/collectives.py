"""How fast processes exchange data: collectives by size and by how many take part."""

from typing import Literal

from pydantic import Field, model_validator

from solvers.base import Positive, Whole
from solvers.errors import Problem, SpecError
from solvers.recipes.machine import Work
from solvers.recipes.recipe import Key, Recipe, Repeated
from solvers.units import Bytes

Operation = Literal["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "send"]
ELEMENT_BYTES = 4


class CollectivesParams(Repeated):
    processes: Whole = Field(default=2, ge=2, le=4096, title="Processes")
    operations: tuple[Operation, ...] = Field(
        default=("all_reduce",), min_length=1, max_length=5, title="Operations",
        description="send: each process to the next of its group.",
    )  # fmt: skip
    sizes: tuple[Bytes, ...] = Field(
        default=(1e6,), min_length=1, max_length=40, title="Sizes", examples=[["64 kB", "16 MB"]],
        description="Bytes of the whole buffer: what is reduced, gathered, scattered or sent by one process.",
    )  # fmt: skip
    groups: tuple[Positive, ...] = Field(
        default=(),
        max_length=8,
        title="Processes of a group",
        description="Neighbours; all groups at once. Empty: all processes.",
    )

    @model_validator(mode="after")
    def _divides(self) -> "CollectivesParams":
        odd = [at for at, group in enumerate(self.groups) if group < 2 or self.processes % group]
        if odd:
            said = f"Groups of {self.groups[odd[0]]} do not share {self.processes} processes."
            raise SpecError(Problem("groups", said, f"/groups/{odd[0]}"))
        return self


def _keys(params: CollectivesParams) -> tuple[Key, ...]:
    """Buffers are cut into equal parts of whole numbers, so sizes are rounded up to them."""
    return tuple(
        {"operation": operation, "group": group, "size_bytes": -(-round(size) // part) * part}
        for operation in params.operations
        for group in params.groups or (params.processes,)
        for part in (ELEMENT_BYTES * group,)
        for size in params.sizes
    )


def _work(_: CollectivesParams, key: Key) -> Work:
    """What each process sends, as a ring does it: a share of (n-1)/n of the buffer, twice for a reduction to all."""
    group, size = key["group"], float(key["size_bytes"])
    share = 1.0 if key["operation"] == "send" else (group - 1) / group
    return Work(link_bytes=share * size * (2.0 if key["operation"] == "all_reduce" else 1.0), memory_bytes=2.0 * size)


RECIPE = Recipe(
    name="collectives",
    version=1,
    title="Collectives",
    summary="Exchanges between processes: NCCL between GPUs, gloo between CPUs.",
    params=CollectivesParams,
    keys=_keys,
    work=_work,
    processes=lambda params: params.processes,
)
