"""What a fleet plan is asked: services with their demand, a market of GPUs, and what the plan keeps to."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from solvers.base import ADVANCED, Spec
from solvers.errors import SpecError
from solvers.fleet.calibrated import WRITTEN, Chosen, read
from solvers.fleet.checks import problems_of_fleet
from solvers.fleet.market import FleetLimits, Offer, Site
from solvers.fleet.offers import Asked, Resolved, resolve
from solvers.fleet.price_table import PriceTable
from solvers.fleet.service import Service

Objective = Literal["cost", "carbon"]
WrittenCalibration = Annotated[Chosen, BeforeValidator(read), WithJsonSchema(WRITTEN)]


class FleetSpec(Spec):
    """Carry services: which GPUs of which type, size and term, hour by hour, at least cost."""

    kind: Literal["fleet"] = Field(default="fleet", title="Kind", description="A fleet plan.")
    services: tuple[Service, ...] = Field(
        min_length=1,
        max_length=20,
        title="Services",
        description="What the fleet carries.",
        json_schema_extra={"x-each": "service"},
    )
    market: tuple[Offer, ...] = Field(
        default=(),
        max_length=100,
        title="Market",
        description="GPUs that can be had, or are there already.",
        json_schema_extra={"x-each": "offer"},
    )
    prices: PriceTable | None = Field(
        default=None,
        title="Own prices",
        description="A table of offers, beside those of the market or in their place.",
        json_schema_extra=ADVANCED,
    )
    sites: tuple[Site, ...] = Field(
        default=(),
        max_length=50,
        title="Sites",
        description="Power and carbon of regions and zones.",
        json_schema_extra={"x-each": "site", **ADVANCED},
    )
    objective: Objective = Field(
        default="cost", title="Objective", description="cost: fewest dollars; carbon: fewest grams of CO2."
    )
    constraints: FleetLimits = Field(default=FleetLimits(), title="Constraints", description="What a plan keeps to.")
    calibration: WrittenCalibration = Field(
        default="published",
        title="Calibration",
        description="`published`: the model has learned from openly licensed measurements; `prior`: from none; or own"
        " calibrations of serving, one of each GPU that was measured: the others stay as published.",
        json_schema_extra=ADVANCED,
    )

    @property
    def hours(self) -> int:
        """Hours that the plan is made for."""
        series = [len(one.demand) for one in self.services] + [len(one.prices) for one in self.market]
        return max(*series, *(len(one.carbon_by_hour) for one in self.sites), 1)

    @cached_property
    def offers(self) -> tuple[Resolved, ...]:
        """What can be bought: each offer of the market, then of the own prices, with its name, node, unit and price."""
        return resolve(self.asked, hours=self.hours)

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The offers as they were written, and where."""
        written = [Asked(offer, f"/market/{number}") for number, offer in enumerate(self.market)]
        lines = self.prices.offers if self.prices is not None else ()
        return (*written, *(Asked(offer, "/prices/csv", line) for line, offer in lines))

    @model_validator(mode="after")
    def _consistent(self) -> "FleetSpec":
        problems = problems_of_fleet(self)
        if problems:
            raise SpecError(*problems)
        return self
