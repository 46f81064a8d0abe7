"""The question as a programme: the spec's market, limits and demand in numbers, with the capacities that are known."""

import math

import numpy as np

from solvers.fleet.market import MOST_UNITS, Availability
from solvers.fleet.offers import Resolved
from solvers.fleet.places import carbon_of, stands_in, watts_of
from solvers.fleet.programme.case import Configuration, Floats, Limit, Loss, Programme, Supply
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies


def programme_of(spec: FleetSpec, supplies: Supplies, factors: Floats) -> Programme:
    """The programme in which replicas of configuration c carry `factors[c]` times what the static model says."""
    offers = spec.offers
    limits = spec.constraints
    return Programme(
        rates_per_s=tuple(rates_of(spec, supplies, service) for service in range(len(spec.services))),
        configurations=tuple(
            Configuration(one.service, one.offer, one.gpus, one.capacity_per_s * factor * offers[one.offer].uptime)
            for one, factor in zip(supplies.ready, factors.tolist(), strict=True)
        ),
        offers=tuple(_supply(spec, one) for one in offers),
        limits=tuple(_limits(spec, offers)),
        losses=tuple(_losses(spec, offers)),
        head_room=limits.head_room,
        budget_usd_per_hour=math.inf if limits.budget_per_hour is None else limits.budget_per_hour,
        objective=spec.objective,
    )


def rates_of(spec: FleetSpec, supplies: Supplies, service: int) -> Floats:
    """Requests a second of each class of a service [T, K], without those that are too long for the model."""
    carried = supplies.services[service]
    rates: Floats = np.outer(demand_per_s(spec, service) * (1.0 - carried.refused), carried.shares)
    return rates


def demand_per_s(spec: FleetSpec, service: int) -> Floats:
    """Requests a second of a service in each hour [T]."""
    asked = spec.services[service]
    shape = np.array(asked.demand or (1.0,) * spec.hours)
    return asked.traffic.rate_per_s * shape


def _supply(spec: FleetSpec, one: Resolved) -> Supply:
    return Supply(
        gpus=one.unit_gpus,
        price_usd=np.array(one.unit_usd()),
        most=MOST_UNITS if one.most_units is None else one.most_units,
        steady=one.steady,
        node_gpus=one.node.gpus,
        carbon_g=carbon_of(spec, one),
    )


def _limits(spec: FleetSpec, offers: tuple[Resolved, ...]) -> list[Limit]:
    """Limits over several offers, named by their place in the spec."""
    gpus = np.array([float(one.unit_gpus) for one in offers])
    watts = np.array([watts_of(spec, one) or 0.0 for one in offers])
    limits, found = spec.constraints, []
    if limits.max_gpus is not None:
        found.append(_limit("/constraints/max_gpus", gpus, limits.max_gpus, spec.hours))
    for place, given in enumerate(limits.available):
        weights = gpus * np.array([_meant(given, one) for one in offers])
        found.append(_limit(f"/constraints/available/{place}", weights, given.gpus, spec.hours))
    for place, site in enumerate(spec.sites):
        if site.power_limit is not None:
            weights = watts * np.array([stands_in(one, region=site.region, zone=site.zone) for one in offers])
            found.append(_limit(f"/sites/{place}/power_limit", weights, site.power_limit, spec.hours))
    return found


def _limit(name: str, weights: Floats, most: float, hours: int) -> Limit:
    return Limit(name, weights, np.full(hours, float(most)))


def _meant(given: Availability, one: Resolved) -> bool:
    return given.names(one.gpu) and stands_in(one, region=given.region, zone=given.zone)


def _losses(spec: FleetSpec, offers: tuple[Resolved, ...]) -> list[Loss]:
    """What may be lost, named by its place in the spec and, for a zone, by the zone."""
    found = []
    for place, lost in enumerate(spec.constraints.survive):
        at = f"/constraints/survive/{place}"
        if lost == "node":
            found.append(Loss(at, tuple(range(len(offers))), node=True))
        else:
            found += [Loss(f"{at} {zone}", members) for zone, members in _zones(offers)]
    return found


def _zones(offers: tuple[Resolved, ...]) -> list[tuple[str, tuple[int, ...]]]:
    """Every zone with the offers in it."""
    members: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(offers):
        if one.zone is not None:
            members.setdefault((one.region or "", one.zone), []).append(place)
    return [(zone, tuple(places)) for (_, zone), places in sorted(members.items())]
