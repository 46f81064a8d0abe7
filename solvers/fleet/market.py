"""What can be bought or is there already: GPUs by type, place and terms, and the sites that they stand in."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from solvers.base import ADVANCED, Part, Positive, Whole
from solvers.catalogue.entry import key
from solvers.catalogue.hardware import Gpu, Node, named
from solvers.catalogue.price import Term
from solvers.errors import Problem, SpecError
from solvers.units import Fraction, Seconds, UsdPerHour, Watts

Place = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
MOST_HOURS = 168
MOST_UNITS = 100_000


class Offer(Part):
    """GPUs of one type at one place on one term."""

    gpu: Annotated[Gpu, named("gpus", Gpu)] | None = Field(
        default=None,
        title="GPU",
        description="A GPU of the catalogue, or your own; or give the node.",
        examples=["l4"],
        json_schema_extra={"x-catalogue": "gpus"},
    )
    term: Term = Field(
        default="on_demand",
        title="Term",
        description="on_demand and spot are paid for the hours they run; reserved all the time, used or not.",
    )
    provider: str = Field(
        default="",
        max_length=60,
        title="Provider",
        description="Whose price list of the catalogue holds, for the region and term.",
        examples=["aws"],
    )
    region: Place | None = Field(default=None, title="Region", examples=["eu-west-1"])
    zone: Place | None = Field(
        default=None, title="Zone", description="A zone is in one region.", examples=["eu-west-1a"]
    )
    price: UsdPerHour | None = Field(
        default=None,
        title="Price of a GPU-hour",
        description="Your price; otherwise the catalogue's for this provider, region and term.",
        examples=["0.70 USD/h"],
    )
    available: Whole | None = Field(
        default=None, ge=1, le=MOST_UNITS, title="Available", description="GPUs at most.", examples=[16]
    )
    whole_nodes: bool = Field(
        default=False, title="By the node", description="Whether only whole nodes can be had, not single GPUs."
    )
    node: Annotated[Node, named("nodes", Node)] | None = Field(
        default=None,
        title="Node",
        description="What the GPUs come in: it says how many share a fast link. Otherwise the catalogue's for the GPU.",
        examples=["g6"],
        json_schema_extra={"x-catalogue": "nodes", **ADVANCED},
    )
    instance: str | None = Field(
        default=None,
        min_length=1,
        max_length=80,
        title="Instance",
        description="A machine of the provider's price list, in place of GPU and node.",
        examples=["g6.12xlarge"],
        json_schema_extra=ADVANCED,
    )
    name: Place | None = Field(
        default=None,
        title="Name",
        description="Otherwise made of GPU, provider, place and term.",
        examples=["l4-spot-a"],
        json_schema_extra=ADVANCED,
    )
    price_from: str = Field(
        default="",
        max_length=200,
        title="Where the price is from",
        description="A note that the answer repeats.",
        json_schema_extra=ADVANCED,
    )
    prices: tuple[UsdPerHour, ...] = Field(
        default=(),
        max_length=MOST_HOURS,
        title="Price of each hour",
        description="Of a GPU, in place of one price: one for each hour of the demand.",
        json_schema_extra=ADVANCED,
    )
    interruptions_per_hour: float = Field(
        default=0.05,
        ge=0,
        le=10,
        title="Interruptions",
        description="Of spot: how often each one is taken away, an hour. Measure your own; the default is an estimate.",
        json_schema_extra=ADVANCED,
    )
    recovery: Seconds = Field(
        default=600.0,
        title="Recovery",
        description="Until another one serves in its place: start, weights and warm-up.",
        examples=["10 min"],
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _one_machine(self) -> "Offer":
        if self.gpu is None and self.node is None and self.instance is None:
            hint = "Write `gpu: l4`, or `node: g6`."
            raise SpecError(Problem("missing", "The offer names neither a GPU nor a node.", "/gpu", hint))
        if self.gpu is not None and self.node is not None and self.gpu != self.node.gpu:
            message = f"The node has {self.node.gpu.shown}, the offer names {self.gpu.shown}."
            raise SpecError(Problem("contradiction", message, "/gpu", "Keep one of them."))
        if self.price is not None and self.prices:
            message = "The offer has one price and a price for each hour."
            raise SpecError(Problem("contradiction", message, "/prices", "Keep one of them."))
        return self


class Site(Part):
    """What a region, or one zone of it, can carry and how clean its power is."""

    region: Place | None = Field(default=None, title="Region", examples=["eu-west-1"])
    zone: Place | None = Field(default=None, title="Zone", examples=["a"])
    power_limit: Watts | None = Field(
        default=None,
        gt=0,
        title="Power limit",
        description="Of all nodes of the plan here at once, cooling included.",
        examples=["480 kW"],
    )
    pue: float = Field(
        default=1.0,
        ge=1,
        le=5,
        title="PUE",
        description="Power of the site over that of its machines; 1 counts the machines alone.",
        examples=[1.2],
        json_schema_extra=ADVANCED,
    )
    carbon_g_per_kwh: float | None = Field(
        default=None, ge=0, le=5000, title="Carbon", description="Grams of CO2 a kWh.", examples=[230]
    )
    carbon_by_hour: tuple[Annotated[float, Field(ge=0, le=5000, description="Grams of CO2 a kWh.")], ...] = Field(
        default=(),
        max_length=MOST_HOURS,
        title="Carbon of each hour",
        description="In place of one number: one for each hour of the demand.",
        json_schema_extra=ADVANCED,
    )


class Availability(Part):
    """GPUs of one type that can be had in one place, whatever the term."""

    gpu: str = Field(min_length=1, max_length=80, title="GPU", examples=["h100-sxm"])
    region: Place | None = Field(default=None, title="Region", description="Otherwise everywhere together.")
    zone: Place | None = Field(default=None, title="Zone")
    gpus: Positive = Field(le=MOST_UNITS, title="GPUs at most", examples=[32])

    def names(self, gpu: Gpu) -> bool:
        """Whether it is of this GPU, by one of its names."""
        return key(self.gpu) in {key(name) for name in (gpu.name, *gpu.aliases)}


class FleetLimits(Part):
    """What a plan keeps to."""

    budget_per_hour: UsdPerHour | None = Field(
        default=None, gt=0, title="Budget", description="Dollars an hour at most, in the mean.", examples=["60 USD/h"]
    )
    max_gpus: Positive | None = Field(default=None, le=MOST_UNITS, title="GPUs at most", examples=[64])
    available: tuple[Availability, ...] = Field(
        default=(),
        max_length=100,
        title="Availability",
        description="Of a type in a place, over all offers.",
        json_schema_extra={"x-each": "limit", **ADVANCED},
    )
    head_room: Annotated[Fraction, Field(lt=1)] = Field(
        default=0.0,
        title="Head-room",
        description="Share of each replica that is kept free, beside what simulation asks for.",
        examples=["10 %"],
    )
    survive: tuple[Literal["node", "zone"], ...] = Field(
        default=(),
        title="Survive",
        description="What may be lost with all load still carried (N+1): any one node, any one zone.",
        examples=[["node"]],
    )
