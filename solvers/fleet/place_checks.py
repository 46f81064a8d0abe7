"""Regions and zones of a spec: each zone is in one region, and what is said of a place is said of one on the market."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from solvers.errors import Problem, nearest

if TYPE_CHECKING:
    from solvers.fleet.spec import FleetSpec

ONE_REGION = "A zone's name stands for one place: write it with its region, like eu-west-1a."


def places(spec: "FleetSpec") -> Iterator[Problem]:
    """What is wrong with the places that a spec names."""
    yield from _one_region_each(spec)
    yield from _of_services(spec)
    yield from _of_sites(spec)
    yield from _of_limits(spec)
    yield from _lost_zones(spec)


def _one_region_each(spec: "FleetSpec") -> Iterator[Problem]:
    first: dict[str, str | None] = {}
    for one in spec.asked:
        zone, region = one.offer.zone, one.offer.region
        if zone is None:
            continue
        known = first.setdefault(zone, region)
        if known != region:
            message = f"Zone '{zone}' is in {_shown(region)} here, and in {_shown(known)} before."
            yield one.problem("contradictory_zone", message, "/zone", ONE_REGION)
    for at, zone, region in _said(spec):
        if zone in first and region not in (None, first[zone]):
            message = f"Zone '{zone}' is in {_shown(first[zone])} on the market, not in {_shown(region)}."
            yield Problem("contradictory_zone", message, f"{at}/zone", ONE_REGION)


def _shown(region: str | None) -> str:
    return "no region" if region is None else f"region '{region}'"


def _said(spec: "FleetSpec") -> Iterator[tuple[str, str | None, str | None]]:
    """What sites and limits are said of: pointer, zone, region."""
    for number, site in enumerate(spec.sites):
        yield f"/sites/{number}", site.zone, site.region
    for number, limit in enumerate(spec.constraints.available):
        yield f"/constraints/available/{number}", limit.zone, limit.region


def _market(spec: "FleetSpec") -> tuple[set[str], set[str]]:
    """Regions and zones that have offers."""
    offers = [one.offer for one in spec.asked]
    return {one.region for one in offers if one.region}, {one.zone for one in offers if one.zone}


def _of_services(spec: "FleetSpec") -> Iterator[Problem]:
    regions, zones = _market(spec)
    for number, service in enumerate(spec.services):
        for place, name in enumerate(service.zones):
            if name not in regions | zones:
                yield _nowhere("zone or region", name, f"/services/{number}/zones/{place}", regions | zones)


def _of_sites(spec: "FleetSpec") -> Iterator[Problem]:
    yield from _known(spec, "/sites", [(site.region, site.zone) for site in spec.sites])
    seen = Counter[tuple[str | None, str | None]]()
    for number, site in enumerate(spec.sites):
        seen[site.region, site.zone] += 1
        if seen[site.region, site.zone] > 1:
            message = "This place is listed above already."
            yield Problem("duplicate_site", message, f"/sites/{number}", "Keep one entry for each region and zone.")


def _of_limits(spec: "FleetSpec") -> Iterator[Problem]:
    limits = spec.constraints.available
    yield from _known(spec, "/constraints/available", [(limit.region, limit.zone) for limit in limits])


def _known(spec: "FleetSpec", at: str, said: list[tuple[str | None, str | None]]) -> Iterator[Problem]:
    regions, zones = _market(spec)
    for number, (region, zone) in enumerate(said):
        if region is not None and region not in regions:
            yield _nowhere("region", region, f"{at}/{number}/region", regions)
        if zone is not None and zone not in zones:
            yield _nowhere("zone", zone, f"{at}/{number}/zone", zones)


def _nowhere(noun: str, name: str, at: str, known: set[str]) -> Problem:
    hint = nearest(name, known) if known else f"Give the offers their {noun}."
    return Problem("unknown_place", f"No offer of the market is in {noun} '{name}'.", at, hint)


def _lost_zones(spec: "FleetSpec") -> Iterator[Problem]:
    """The loss of a zone can be survived where there are two, and where every offer says in which it is."""
    survive = spec.constraints.survive
    if "zone" not in survive:
        return
    at = f"/constraints/survive/{survive.index('zone')}"
    if len(_market(spec)[1]) < 2:
        message = "A zone can be lost only where there are two; the market has fewer."
        yield Problem("too_few_zones", message, at, "Give offers of at least two zones their `zone`.")
        return
    for one in spec.asked:
        if one.offer.zone is None:
            message = "The plan has to survive the loss of a zone, and this offer does not say in which it is."
            yield one.problem("missing", message, "/zone", "Write `zone`, or leave `survive: [zone]` out.")
