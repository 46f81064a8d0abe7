"""What GPUs cost: the default price of a GPU or node, or what a provider asks on one term, instance by instance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from solvers.catalogue.entry import Entry, key
from solvers.errors import Problem, SpecError
from solvers.units import UsdPerHour

Term = Literal["on_demand", "reserved", "spot"]
# The region of a price that holds in all of them.
ANY = "any"


class Instance(BaseModel):
    """A machine as a provider sells it, with its price by region."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(
        default="", max_length=80, title="Name", description="The provider's word for it.", examples=["g6.xlarge"]
    )
    gpu: str = Field(min_length=1, max_length=80, title="GPU", examples=["l4"])
    gpus: int = Field(default=1, ge=1, le=1024, title="GPUs")
    up_to: int | None = Field(
        default=None, ge=1, le=1024, title="GPUs at most", description="In one machine, where they come by the GPU."
    )
    node: str | None = Field(default=None, max_length=80, title="Node", description="That it is, or is a part of.")
    prices: dict[Annotated[str, Field(max_length=60)], UsdPerHour] = Field(
        min_length=1, max_length=100, title="Prices", description="Of the whole machine by region; any: in all of them."
    )

    @property
    def most_gpus(self) -> int:
        """GPUs that one machine can have."""
        return max(self.gpus, self.up_to or 0)


class Price(Entry):
    """The price of a GPU-hour, or a provider's prices. One price is named as the node or GPU it is the default of."""

    node: str | None = Field(default=None, title="Node")
    gpu: str | None = Field(default=None, title="GPU")
    usd_per_gpu_hour: UsdPerHour | None = Field(default=None, alias="price", title="Price of a GPU-hour")
    provider: str = Field(default="", max_length=120, title="Provider")
    region: str | None = Field(default=None, max_length=60, title="Region", description="Otherwise everywhere.")
    term: Term | None = Field(
        default=None, title="Term", description="on_demand, reserved or spot; otherwise any but spot."
    )
    date: str = Field(default="", max_length=20, title="Date")
    instances: tuple[Instance, ...] = Field(
        default=(), max_length=200, title="Instances", description="In place of one price: what the provider sells."
    )

    @model_validator(mode="after")
    def _one_or_many(self) -> "Price":
        if (self.usd_per_gpu_hour is None) == (not self.instances):
            hint = "Write `price: 2.50 USD/h`, or `instances` with their prices by region."
            raise SpecError(Problem("missing", "A price has `price` or `instances`, one of them.", "/price", hint))
        return self

    @property
    def machines(self) -> int | None:
        """How many instances it lists; None of one price."""
        return len(self.instances) or None

    @property
    def regions(self) -> tuple[str, ...]:
        """Where it holds, in the order of the record."""
        return tuple(dict.fromkeys(region for instance in self.instances for region in instance.prices))

    @property
    def range_usd_per_gpu_hour(self) -> tuple[float, float]:
        """The lowest and the highest price of a GPU-hour."""
        each = [one.usd_per_gpu_hour for one in asked((self,))] or [self.usd_per_gpu_hour or 0.0]
        return min(each), max(each)


@dataclass(frozen=True)
class Asked:
    """The price of an instance's GPU-hour in one region ("any": in all), on the list `of`."""

    of: Price
    instance: Instance
    region: str
    usd_per_gpu_hour: float


def asked(prices: tuple[Price, ...]) -> Iterator[Asked]:
    """Every price of the lists, of a GPU."""
    for price in prices:
        for instance in price.instances:
            for region, usd in instance.prices.items():
                yield Asked(price, instance, region, usd / instance.gpus)


def fits(price: Price, *, term: str, provider: str, region: str | None) -> bool:
    """Whether a price is meant for GPUs on that term, of that provider and in that region; what it leaves open fits."""
    return (
        (term != "spot" if price.term is None else term == price.term)
        and (not provider or not price.provider or key(provider) == key(price.provider))
        and price.region in (None, region)
    )
