"""What a node says of itself, and which jobs it can therefore take."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from planner.models import Executor
from planner.services.recipes import SHARE
from solvers.base import Part
from solvers.documents import Document, canonical

MOST_BYTES = 64 * 1024
Line = Annotated[str, Field(max_length=255)]
Count = Annotated[int, Field(ge=0, le=10**6)]
Amount = Annotated[float, Field(ge=0, le=1e18)]


class Cpu(Part):
    """The processor and the memory of the host."""

    model: Line
    cores: Count
    memory_bytes: Amount
    features: tuple[Line, ...] = Field(default=(), max_length=100)


class Gpu(Part):
    """One GPU, in the words of its driver."""

    name: Line
    memory_bytes: Amount
    driver: Line
    sm_clock_hz: Amount
    memory_clock_hz: Amount
    power_limit_w: Amount
    uuid: Line


class Capability(Part):
    """A node's own description. Versions are empty where the software is not installed."""

    hostname: Line
    os: Line
    python: Line
    cpu: Cpu
    gpus: tuple[Gpu, ...] = Field(default=(), max_length=64)
    torch: Line
    cuda: Line
    nccl: Line
    topology: str = Field(default="", max_length=16_000)
    executor: Literal[*Executor.values]  # type: ignore[valid-type]  # the one list of executors
    recipes: dict[Annotated[str, Field(max_length=40)], Annotated[int, Field(ge=1, le=10_000)]]
    vllm: Line = ""
    clock_off_s: Annotated[
        float, Field(ge=-1e12, le=1e12, description="Its clock ahead of the server's, if so wrong that no job can run.")
    ] = 0.0

    @model_validator(mode="after")
    def _small(self) -> "Capability":
        if len(canonical(self.model_dump())) > MOST_BYTES:
            raise ValueError(f"a capability has at most {MOST_BYTES:,} bytes")
        return self


def wrong_clock(capability: Document) -> str:
    """By how much the node's clock is wrong, in words; empty where it agrees well enough for jobs to run."""
    off_s = capability.get("clock_off_s", 0.0)
    return f"{abs(off_s):,.0f} s {'ahead of' if off_s > 0 else 'behind'} the server's" if off_s else ""


def fits(capability: Document, *, recipe: str, version: int, needs: dict[str, Any]) -> bool:
    """Whether a node of this capability can run the recipe; `needs` are those of a `Job`."""
    if capability["torch"] == "" or capability["recipes"].get(recipe) != version:
        return False
    if needs["device"] == "cpu":
        return bool(needs["memory_bytes"] <= SHARE * capability["cpu"]["memory_bytes"])
    wanted = needs["gpu"].casefold()
    named = [gpu for gpu in capability["gpus"] if wanted in gpu["name"].casefold()]
    fitting = [gpu for gpu in named if needs["memory_bytes"] <= gpu["memory_bytes"]]
    return len(fitting) >= int(needs["gpus"])
