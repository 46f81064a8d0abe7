"""Under what conditions the whole run trains: failures, checkpoints, spare nodes, energy."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from solvers.base import Estimate, Part, Whole
from solvers.errors import Problem, SpecError
from solvers.units import BytesPerSecond, Seconds, UsdPerKwh

HOUR_S = 3600.0
DAY_S = 24.0 * HOUR_S
# 419 unexpected interruptions in 54 days on 16,384 GPUs: section 3.3.4 [dubey2024llama3]. The ends are those of two
# clusters with 6.50 and 2.34 failures in a thousand days of an 8-GPU node [kokolis2025reliability, as remembered].
GPU_MTBF_S = Estimate(
    54 * DAY_S * 16_384 / 419,
    8 * 1000 * DAY_S / 6.50,
    8 * 1000 * DAY_S / 2.34,
)
# Of those interruptions 78 % were of hardware or suspected to be: section 3.3.4 [dubey2024llama3].
HARDWARE_SHARE = 0.78
# Writes of "good" storage, 20 GB/s for 256 GPUs; "better" is 62 GB/s, and the low end is as far below: storage
# architecture [nvidia2023superpod, as remembered].
GPU_STORAGE_BYTES_PER_S = Estimate(20e9 / 256, 20e9**2 / 62e9 / 256, 62e9 / 256)
# Failures are seen and diagnosed in under ten minutes on average: section 6.3 [jiang2024megascale].
DETECTION_S = 600.0
# Overhead of a restart: section 3 [kokolis2025reliability, as remembered].
RESTART_S = 300.0
# The average of the largest data centers of those asked [uptime2024survey].
PUE = 1.56
MOST_PUE = 5.0
SHORTEST_S = 60.0
# Beyond ten dollars a kilowatt-hour a number without its unit was meant.
MOST_USD_PER_J = 10.0 / 3.6e6


def _number(value: Any) -> Any:
    """Python counts true as 1; a document does not mean that."""
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "This field wants a number.")
    return value


class Conditions(Part):
    """What the whole run has to live with."""

    gpu_mtbf: Seconds | None = Field(
        default=None,
        ge=HOUR_S,
        title="Time between failures of one GPU",
        description="With its share of node and network; otherwise 50,700 h, as in the training of Llama 3.",
        examples=["50000 h"],
    )
    mtbf: Seconds | None = Field(
        default=None,
        ge=SHORTEST_S,
        title="Time between failures of the job",
        description="Of all nodes of the plan together; otherwise that of one GPU over their number.",
        examples=["9 h"],
    )
    checkpoint_bandwidth: BytesPerSecond | None = Field(
        default=None,
        ge=1e6,
        title="Checkpoint bandwidth",
        description="Of the storage, all nodes writing; otherwise 20 GB/s for 256 GPUs.",
        examples=["200 GB/s"],
    )
    checkpoint_interval: Seconds | None = Field(
        default=None,
        ge=1.0,
        title="Checkpoint interval",
        description="Work between two checkpoints; otherwise the best by Daly's formula.",
        examples=["30 min"],
    )
    detection_time: Seconds = Field(
        default=DETECTION_S,
        title="Detection",
        description="Until a failure is seen and its node is known.",
        examples=["10 min"],
    )
    restart_time: Seconds = Field(
        default=RESTART_S,
        title="Restart",
        description="From there to the first step, without reading the checkpoint.",
        examples=["5 min"],
    )
    spare_nodes: Whole | None = Field(
        default=None,
        ge=0,
        le=10_000,
        title="Spare nodes",
        description="Paid for and kept ready; otherwise broken nodes are replaced from a pool in no time.",
        examples=[2],
    )
    repair_time: Seconds | None = Field(
        default=None,
        ge=SHORTEST_S,
        title="Repair of a node",
        description="Until a broken node is back; needs spare_nodes.",
        examples=["1 day"],
    )
    pue: Annotated[float, BeforeValidator(_number)] = Field(
        default=PUE,
        ge=1.0,
        le=MOST_PUE,
        title="PUE",
        description="Energy of the data center over that of its computers.",
        examples=[1.2],
    )
    energy_price: UsdPerKwh | None = Field(
        default=None,
        title="Price of energy",
        description="Then the run's energy has a price of its own, beside that of the GPUs.",
        examples=["0.08 USD/kWh"],
    )

    @field_validator("energy_price")
    @classmethod
    def _price_with_its_unit(cls, value: float | None) -> float | None:
        if value is not None and value > MOST_USD_PER_J:
            hint = "Write it with its unit, like '0.08 USD/kWh'."
            raise SpecError(Problem("too_large", "No energy costs more than 10 $/kWh.", "", hint))
        return value

    @model_validator(mode="after")
    def _repairs_and_spares(self) -> "Conditions":
        if (self.spare_nodes is None) != (self.repair_time is None):
            missing, there = (
                ("repair_time", "spare_nodes") if self.repair_time is None else ("spare_nodes", "repair_time")
            )
            hint = {"repair_time": "Add `repair_time: 1 day`.", "spare_nodes": "Add `spare_nodes: 1`."}[missing]
            raise SpecError(Problem("missing", f"`{there}` means nothing without `{missing}`.", f"/{missing}", hint))
        if self.mtbf is not None and self.gpu_mtbf is not None:
            hint = "Keep `mtbf` for this cluster, or `gpu_mtbf` for any number of GPUs."
            raise SpecError(Problem("contradiction", "Two rates of failure are given.", "/gpu_mtbf", hint))
        return self
