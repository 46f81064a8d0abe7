"""What a fleet result fixes, as the export formats read it: offers, configurations, routes, hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.fleet.exports import labels
from solvers.fleet.offers import Resolved
from solvers.fleet.service import Service
from solvers.fleet.spec import FleetSpec

Weights = dict[str, dict[str, float]]
"""Class -> configuration -> share of the class's requests."""


@dataclass(frozen=True)
class Bought:
    """An offer of the purchase list. `asked` is what the spec says of it, `planned` the plan's own words."""

    name: str
    label: str
    asked: Resolved
    planned: Document

    @property
    def units(self) -> list[int]:
        """Units of each hour [T]."""
        found: list[int] = self.planned["units_by_hour"]
        return found

    @property
    def gpus(self) -> list[int]:
        """GPUs of each hour [T]."""
        return [self.asked.unit_gpus * units for units in self.units]

    @property
    def whole(self) -> bool:
        """Whether a unit is a node, not a GPU."""
        return self.asked.unit_gpus > 1

    @property
    def zone(self) -> str:
        """The zone as its cloud writes it; empty where the offer names none.

        AWS appends a letter to the region; Google and Azure put a hyphen between.
        """
        region, zone = self.asked.region or "", self.asked.zone or ""
        between = {"aws": "", "gcp": "-", "google": "-", "azure": "-"}.get(self.asked.provider.lower())
        whole = not region or zone.startswith(region) or between is None
        return zone if whole or not zone else f"{region}{between}{zone}"


@dataclass(frozen=True)
class Used:
    """A configuration that runs. `planned` are the plan's own words, `at` where they stand."""

    name: str
    label: str
    at: str
    service: Service
    offer: Bought
    planned: Document

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        return int(self.planned["gpus"])

    @property
    def replicas(self) -> list[int]:
        """Replicas of each hour [T]."""
        found: list[int] = self.planned["replicas_by_hour"]
        return found


@dataclass(frozen=True)
class Routed:
    """How a service's requests are shared in some hours."""

    service: str
    hours: tuple[int, ...]
    weights: Weights


@dataclass(frozen=True)
class Fleet:
    """One plan and what it is a plan for."""

    name: str
    spec: FleetSpec
    plan: Document
    offers: tuple[Bought, ...]
    configurations: tuple[Used, ...]
    routing: tuple[Routed, ...]

    @property
    def hours(self) -> int:
        """How many hours the plan is made for."""
        return int(self.plan["hours"]["count"])

    @cached_property
    def services(self) -> dict[str, str]:
        """The services' names as DNS labels."""
        return labels.unique(one.name for one in self.spec.services)

    def classes(self, service: str) -> list[Document]:
        """The request classes of a service, with their bounds and shares."""
        found: list[Document] = next(one for one in self.plan["services"] if one["name"] == service)["classes"]
        return found

    def demand(self, service: str) -> list[float]:
        """Requests a second of each hour [T]."""
        found: list[float] = self.plan["hours"]["demand_per_s"][service]
        return found

    def running(self, used: Used) -> list[int]:
        """Replicas of each hour [T]: the plan's, and those of the busiest hours that reserved GPUs have room for.

        What is reserved is paid for in every hour, so there is nothing to gain where a replica of it rests.
        """
        if not used.offer.asked.steady:
            return used.replicas
        mine = [one for one in self.configurations if one.offer.name == used.offer.name]
        return [_filled(mine, hour, gpus)[used.name] for hour, gpus in enumerate(used.offer.gpus)]

    def routes(self, service: str) -> list[Routed]:
        """The service's routing, the busiest hours first."""
        demand = self.demand(service)
        mine = [one for one in self.routing if one.service == service and one.weights]
        return sorted(mine, key=lambda one: -max(demand[hour] for hour in one.hours))


def fleet_of(result: Document) -> Fleet:
    """The plan of a result. CannotExpress where there is none."""
    if result["status"] != "solved":
        raise CannotExpress(
            Problem("no_plan", "The result holds no plan to export.", "/status", "json, yaml, md and csv say why.")
        )
    spec, plan = FleetSpec.model_validate(result["spec"]), result["plan"]
    asked = {one.name: one for one in spec.offers}
    named = labels.unique(one["name"] for one in plan["offers"])
    offers = {one["name"]: Bought(one["name"], named[one["name"]], asked[one["name"]], one) for one in plan["offers"]}
    return Fleet(
        name=f"isoflop-{result['spec_hash'][:8]}",
        spec=spec,
        plan=plan,
        offers=tuple(offers.values()),
        configurations=_used(spec, plan, offers),
        routing=tuple(Routed(one["service"], tuple(one["hours"]), one["weights"]) for one in plan["routing"]),
    )


def _used(spec: FleetSpec, plan: Document, offers: dict[str, Bought]) -> tuple[Used, ...]:
    services = {one.name: one for one in spec.services}
    named = labels.unique(one["name"] for one in plan["configurations"])
    return tuple(
        Used(
            name=one["name"],
            label=named[one["name"]],
            at=f"/plan/configurations/{place}",
            service=services[one["service"]],
            offer=offers[one["offer"]],
            planned=one,
        )
        for place, one in enumerate(plan["configurations"])
    )


def _filled(mine: Sequence[Used], hour: int, gpus: int) -> dict[str, int]:
    """The replicas of an offer in an hour, with more where GPUs are left, of those first that have the most."""
    left = gpus - sum(one.gpus * one.replicas[hour] for one in mine)
    found = {one.name: one.replicas[hour] for one in mine}
    for one in sorted(mine, key=lambda one: -one.replicas[hour]):
        more = min(left // one.gpus, max(one.replicas) - one.replicas[hour])
        found[one.name] += more
        left -= more * one.gpus
    return found
