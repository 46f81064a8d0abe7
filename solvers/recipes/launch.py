"""What the host takes to start a kernel: many that do next to nothing, one after another."""

from typing import Literal

from pydantic import Field, model_validator

from solvers.base import Positive
from solvers.errors import Problem, SpecError
from solvers.recipes.machine import Work
from solvers.recipes.recipe import Key, Recipe, Repeated

Mode = Literal["eager", "graph"]
Operation = Literal["add", "linear"]


class LaunchParams(Repeated):
    operations: tuple[Operation, ...] = Field(
        default=("add", "linear"), min_length=1, max_length=2, title="Operations",
        description="add: a number to one number; linear: a module's product of 16 by 16.",
    )  # fmt: skip
    modes: tuple[Mode, ...] = Field(
        default=("eager",), min_length=1, max_length=2, title="Modes", description="graph: as one CUDA graph."
    )
    kernels: Positive = Field(default=500, le=100_000, title="Kernels", description="In one repeat.")

    @model_validator(mode="after")
    def _there(self) -> "LaunchParams":
        if self.device == "cpu" and "graph" in self.modes:
            raise SpecError(Problem("no_graph", "A CPU has no CUDA graphs.", "/modes"))
        return self


def _keys(params: LaunchParams) -> tuple[Key, ...]:
    return tuple(
        {"operation": operation, "mode": mode, "kernels": params.kernels}
        for mode in params.modes
        for operation in params.operations
    )


RECIPE = Recipe(
    name="launch",
    version=1,
    title="Launch of kernels",
    summary="What the host takes to start a kernel, one by one and as a graph.",
    params=LaunchParams,
    keys=_keys,
    work=lambda _, key: Work(launches=float(key["kernels"]), memory_bytes=1e6),
    amounts=lambda _, key: {"launches_per_s": float(key["kernels"])},
)
