"""What a measurement's document holds. Whoever receives one checks it here before it is stored or learned from."""

from typing import Any, Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive, Whole

LONGEST_S = 1e6
# Clocks of the host: what it takes to start an operation is in them.
HOST_CLOCKS = ("wall", "core")


class Timing(Part):
    """Seconds of one repeat: the median and the quartiles."""

    median: float = Field(gt=0, le=LONGEST_S, title="Median")
    low: float = Field(gt=0, le=LONGEST_S, title="Lower quartile")
    high: float = Field(gt=0, le=LONGEST_S, title="Upper quartile")
    repeats: Positive = Field(le=100_000, title="Repeats")

    @model_validator(mode="after")
    def _ordered(self) -> "Timing":
        if not self.low <= self.median <= self.high:
            raise ValueError("a median lies between its quartiles")
        return self


class Row(Part):
    """What every row has beside what it is a measurement of.

    `clock` says how the time was taken: `wall`, as time that a process of one thread had its `core` (other programs
    do not lengthen it), by device `events`, or as replays of a CUDA `graph`. `slowed` is the
    median of the last third of repeats over that of the first. `rates` follow from the median.
    """

    seconds: Timing
    clock: Literal["wall", "core", "events", "graph"]
    slowed: float = Field(gt=0, le=1e6)
    rates: dict[str, float]


class MixtureRow(Row):
    """`expert_load` is what the busiest expert of a layer did over the mean, on average of the layers; 0 without any.

    `expert_products` says how they were multiplied: `grouped` in one kernel, or one product after the other.
    """

    expert_load: float = Field(default=0.0, ge=0, le=1024)
    expert_products: Literal["", "grouped", "one by one"] = ""


class Clocks(Part):
    """What a GPU said of itself: clocks in Hz, power in W, and why it held them back, as NVIDIA names reasons."""

    sm_clock_hz: float = Field(ge=0, le=1e11)
    memory_clock_hz: float = Field(ge=0, le=1e11)
    power_w: float = Field(ge=0, le=1e5)
    temperature_c: float = Field(ge=-50, le=200)
    reasons: tuple[str, ...] = Field(default=(), max_length=16)


class Environment(Part):
    """Where it was measured, before and after."""

    device: Literal["cpu", "cuda"]
    name: str = Field(max_length=200)
    gpus: Whole = Field(ge=0, le=100_000)
    processes: Positive = Field(le=100_000)
    memory_bytes: float = Field(gt=0, le=1e16)
    torch: str = Field(max_length=80)
    cuda: str = Field(max_length=80)
    nccl: str = Field(max_length=80)
    driver: str = Field(max_length=80)
    threads: Positive = Field(le=100_000)
    cores: Positive = Field(le=100_000)
    cpu: str = Field(max_length=200)
    os: str = Field(max_length=200)
    python: str = Field(max_length=40)
    clocks_before: Clocks | None
    clocks_after: Clocks | None
    load_before: float | None = Field(ge=0, le=1e6)
    load_after: float | None = Field(ge=0, le=1e6)


class Flags(Part):
    """What speaks against a measurement: the device slowed down meanwhile, and how far repeats lie apart.

    `spread` is the widest distance of the quartiles over their median, among the rows.
    """

    throttled: bool
    spread: float = Field(ge=0, le=1e9)


class Result(Part):
    """The whole document; `rows` are read by their recipe."""

    recipe: str = Field(max_length=80)
    version: Positive
    params: dict[str, Any]
    rows: tuple[dict[str, Any], ...] = Field(max_length=2000)
    environment: Environment
    flags: Flags
    seconds_total: float = Field(gt=0, le=LONGEST_S)
