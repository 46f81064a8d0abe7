"""What a fleet plan is asked: services with their demand, a market of GPUs, and what the plan keeps to."""

from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from solvers.base import ADVANCED, Spec
from solvers.calibration.shipped import Calibration
from solvers.errors import Problem, SpecError
from solvers.fleet.market import FleetLimits, Offer, Site
from solvers.fleet.offers import Asked, Resolved, resolve
from solvers.fleet.service import Service

Objective = Literal["cost", "carbon"]


class FleetSpec(Spec):
    """Carry services: which GPUs of which type, size and term, hour by hour, at least cost."""

    kind: Literal["fleet"] = Field(default="fleet", title="Kind", description="A fleet plan.")
    services: tuple[Service, ...] = Field(
        min_length=1, max_length=20, title="Services", description="What the fleet carries."
    )
    market: tuple[Offer, ...] = Field(
        min_length=1, max_length=100, title="Market", description="GPUs that can be had, or are there already."
    )
    sites: tuple[Site, ...] = Field(
        default=(), max_length=50, title="Sites", description="Power and carbon of regions and zones."
    )
    objective: Objective = Field(
        default="cost", title="Objective", description="cost: fewest dollars; carbon: fewest grams of CO2."
    )
    constraints: FleetLimits = Field(default=FleetLimits(), title="Constraints", description="What a plan keeps to.")
    calibration: Calibration = Field(
        default="published",
        title="Calibration",
        description="`published`: the model has learned from openly licensed measurements; `prior`: from none.",
        json_schema_extra=ADVANCED,
    )

    @property
    def hours(self) -> int:
        """Hours that the plan is made for."""
        series = [len(one.demand) for one in self.services] + [len(one.prices) for one in self.market]
        return max(*series, *(len(one.carbon_by_hour) for one in self.sites), 1)

    @cached_property
    def offers(self) -> tuple[Resolved, ...]:
        """What can be bought: each offer with its name, node, unit and price by the hour."""
        asked = (Asked(offer, f"/market/{number}") for number, offer in enumerate(self.market))
        return resolve(asked, hours=self.hours)

    @model_validator(mode="after")
    def _equal_series(self) -> "FleetSpec":
        given = {
            **{f"/services/{n}/demand": len(one.demand) for n, one in enumerate(self.services) if one.demand},
            **{f"/market/{n}/prices": len(one.prices) for n, one in enumerate(self.market) if one.prices},
            **{f"/sites/{n}/carbon_by_hour": len(one.carbon_by_hour) for n, one in enumerate(self.sites)
               if one.carbon_by_hour},
        }  # fmt: skip
        first = next(iter(given), "")
        problems = [
            Problem("unequal_series", f"{size} hours here, {given[first]} at {first}.", at, "Give one number an hour.")
            for at, size in given.items()
            if size != given[first]
        ]
        if problems:
            raise SpecError(*problems)
        _ = self.offers
        return self
