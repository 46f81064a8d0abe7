"""GPUs, the links between them, and nodes made of them.

A node names its GPU and links or writes them out; a name is looked up in the catalogue, so a record is always whole.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from solvers.catalogue.entry import Entry
from solvers.errors import Problem, SpecError
from solvers.units import (
    RATE,
    SHARE,
    SIZE,
    SPEED,
    Bytes,
    BytesPerSecond,
    FlopsPerSecond,
    Fraction,
    Quantity,
    Seconds,
    UsdPerHour,
    Watts,
    show,
)

Precision = Literal["fp32", "tf32", "bf16", "fp16", "fp8", "fp4"]

# Below these, a number without its unit was meant: `memory: 80` is 80 bytes.
LEAST_BYTES = 1e6
LEAST_BYTES_PER_S = 1e6
LEAST_FLOPS_PER_S = 1e6
LEAST_SHARE = 0.001

# Where a GPU has no units for a precision, arithmetic falls back to the next one on its list.
FALLBACK: dict[str, tuple[Precision, ...]] = {
    "fp32": ("fp32",),
    "tf32": ("tf32", "fp32"),
    "bf16": ("bf16", "fp16", "tf32", "fp32"),
    "fp16": ("fp16", "bf16", "tf32", "fp32"),
    "fp8": ("fp8", "bf16", "fp16", "tf32", "fp32"),
    "fp4": ("fp4", "fp8", "bf16", "fp16", "tf32", "fp32"),
}


def at_least(value: float, least: float, quantity: Quantity, *, at: str = "") -> float:
    """`value`, or SpecError where it is below anything that was ever built."""
    if value < least:
        message = f"{show(value, quantity)} is too small; {show(least, quantity)} is the least."
        hint = f"Write it with its unit, like '{quantity.examples[0]}'."
        raise SpecError(Problem("too_small", message, at, hint))
    return value


class Gpu(Entry):
    """One accelerator as software sees it (a MI250X is two). Speeds are dense, without structured sparsity."""

    model_config = ConfigDict(title="GPU")

    vendor: str = Field(default="", max_length=80, title="Vendor")
    processor: Literal["gpu", "cpu"] = Field(
        default="gpu",
        title="Processor",
        description="What it is: a GPU, or the CPU of a machine without any.",
        json_schema_extra={"x-advanced": True},
    )
    memory_bytes: Bytes = Field(alias="memory", title="Memory", examples=["80 GB"])
    memory_bytes_per_s: BytesPerSecond = Field(
        alias="memory_bandwidth", title="Memory bandwidth", examples=["3.35 TB/s"]
    )
    peak_flops_per_s: dict[Precision, FlopsPerSecond] = Field(
        alias="peak",
        min_length=1,
        title="Peak speed",
        description="Dense FLOP/s by precision, without sparsity.",
        examples=[{"bf16": "989 TFLOP/s", "fp8": "1979 TFLOP/s"}],
    )
    power_w: Watts | None = Field(default=None, alias="power", title="Power limit", examples=["700 W"])
    asynchronous_products: bool = Field(
        default=False,
        title="Asynchronous matrix units",
        description="Matrix units that run beside the threads that feed them (Hopper and later data-centre parts).",
        json_schema_extra={"x-advanced": True},
    )
    achievable_compute: Fraction = Field(
        default=0.7,
        title="Achievable share of peak speed",
        description="What a large matrix multiplication in 16 bits reaches.",
        json_schema_extra={"x-advanced": True},
    )
    achievable_memory: Fraction = Field(
        default=0.8,
        title="Achievable share of memory bandwidth",
        description="What a streaming kernel reaches.",
        json_schema_extra={"x-advanced": True},
    )

    @field_validator("memory_bytes")
    @classmethod
    def _memory(cls, value: float) -> float:
        return at_least(value, LEAST_BYTES, SIZE)

    @field_validator("memory_bytes_per_s")
    @classmethod
    def _bandwidth(cls, value: float) -> float:
        return at_least(value, LEAST_BYTES_PER_S, RATE)

    @field_validator("peak_flops_per_s")
    @classmethod
    def _speeds(cls, value: dict[Precision, float]) -> dict[Precision, float]:
        for precision, speed in value.items():
            at_least(speed, LEAST_FLOPS_PER_S, SPEED, at=f"/{precision}")
        return value

    @field_validator("achievable_compute", "achievable_memory")
    @classmethod
    def _shares(cls, value: float) -> float:
        return at_least(value, LEAST_SHARE, SHARE)

    def peak(self, precision: str) -> float:
        """Dense FLOP/s in `precision`, or in the next wider one that the GPU has."""
        known = [name for name in FALLBACK[precision] if name in self.peak_flops_per_s]
        return self.peak_flops_per_s[known[0]] if known else max(self.peak_flops_per_s.values())

    def has(self, precision: str) -> bool:
        """Whether the GPU has units for `precision`."""
        return precision in self.peak_flops_per_s


class Link(Entry):
    """A link as one GPU (inside a node), one port (a NIC) or one device (to the host) sees it, in one direction."""

    kind: Literal["intra", "network", "host"] = Field(
        default="intra",
        title="Kind",
        description="Between GPUs, between nodes, or to the host.",
        json_schema_extra={"x-advanced": True},
    )
    bytes_per_s: BytesPerSecond = Field(
        alias="bandwidth", title="Bandwidth", description="In one direction.", examples=["450 GB/s", "400 Gbit/s"]
    )
    latency_s: Seconds = Field(default=5e-6, alias="latency", title="Latency", examples=["3 us"])
    achievable: Fraction = Field(
        default=0.8,
        title="Achievable share of bandwidth",
        description="What large collectives reach.",
        json_schema_extra={"x-advanced": True},
    )
    domain: int | None = Field(
        default=None, ge=2, le=100_000, title="GPUs it joins", json_schema_extra={"x-advanced": True}
    )
    topology: Literal["switch", "mesh", "bus"] = Field(
        default="switch", title="Topology", json_schema_extra={"x-advanced": True}
    )

    @field_validator("bytes_per_s")
    @classmethod
    def _bandwidth(cls, value: float) -> float:
        return at_least(value, LEAST_BYTES_PER_S, RATE)

    @field_validator("achievable")
    @classmethod
    def _share(cls, value: float) -> float:
        return at_least(value, LEAST_SHARE, SHARE)


def named(section: str, record: type[Entry]) -> BeforeValidator:
    """Lets a field take a name of the catalogue's `section` in place of a mapping."""

    def look_up(value: Any) -> Any:
        from solvers.catalogue.loader import get  # noqa: PLC0415 -- the loader builds these records

        if isinstance(value, str):
            return get(section, value)
        if isinstance(value, dict | record):
            return value
        raise SpecError(
            Problem("wrong_type", "This field wants a name or a mapping.", "", f"Names: isoflop catalogue {section}")
        )

    return BeforeValidator(look_up, json_schema_input_type=str | record)


def _extra(section: str) -> dict[str, Any]:
    return {"x-catalogue": section}


GpuRef = Annotated[Gpu, named("gpus", Gpu)]
LinkRef = Annotated[Link, named("links", Link)]


class Node(Entry):
    """One fast domain of GPUs: a server, or a rack whose GPUs share a switch (72 in a NVL72)."""

    gpu: GpuRef = Field(
        title="GPU", description="A GPU of the catalogue, or your own.", json_schema_extra=_extra("gpus")
    )
    gpus: int = Field(default=8, ge=1, le=1024, title="GPUs", description="GPUs in one fast domain.")
    link: LinkRef = Field(
        title="Link between its GPUs",
        description="A link of the catalogue, or your own.",
        json_schema_extra=_extra("links"),
    )
    nic: LinkRef | None = Field(
        default=None,
        title="NIC",
        description="The link between nodes, for one port.",
        json_schema_extra=_extra("links"),
    )
    nics: int = Field(default=0, ge=0, le=1024, title="NIC ports", description="Ports in one node.")
    host_memory_bytes: Bytes | None = Field(default=None, alias="host_memory", title="Host memory", examples=["2 TB"])
    host_memory_bytes_per_s: BytesPerSecond | None = Field(
        default=None,
        alias="host_memory_bandwidth",
        title="Host memory bandwidth",
        description="Of all processors of the node together.",
        examples=["614 GB/s"],
        json_schema_extra={"x-advanced": True},
    )
    host_link: LinkRef | None = Field(
        default=None,
        title="Link to the host",
        description="Between one GPU and the host's memory.",
        json_schema_extra={**_extra("links"), "x-advanced": True},
    )
    power_w: Watts | None = Field(default=None, alias="power", title="Node power", examples=["10.2 kW"])
    cost_usd_per_gpu_hour: UsdPerHour | None = Field(default=None, title="Price of a GPU-hour", examples=["2.50 USD/h"])

    @model_validator(mode="after")
    def _nics_fit(self) -> "Node":
        if (self.nic is None) != (self.nics == 0):
            raise ValueError("a node has both `nic` and `nics`, or neither")
        return self

    @property
    def nic_bytes_per_s_per_gpu(self) -> float:
        """Network bandwidth that each GPU gets when all of them send; 0 without a network."""
        return self.nic.bytes_per_s * self.nics / self.gpus if self.nic else 0.0
