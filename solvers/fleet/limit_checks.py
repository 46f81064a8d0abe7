"""Limits of a spec against its offers: each is about something that is for sale, and leaves room for one unit of it."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from solvers.errors import Problem, nearest
from solvers.fleet.market import Availability, Site
from solvers.fleet.offers import Resolved
from solvers.units import POWER, show

if TYPE_CHECKING:
    from solvers.fleet.spec import FleetSpec


def limits(spec: "FleetSpec", offers: tuple[Resolved, ...]) -> Iterator[Problem]:
    """What is wrong with the limits, given what is for sale."""
    yield from _units(spec, offers)
    yield from _available(spec, offers)
    yield from _sites(spec, offers)
    yield from _carbon(spec, offers)


def _units(spec: "FleetSpec", offers: tuple[Resolved, ...]) -> Iterator[Problem]:
    """One unit of an offer, and of any, is allowed."""
    for asked, one in zip(spec.asked, offers, strict=True):
        if one.most_units == 0:
            message = f"{asked.offer.available} GPUs are available, and they come {one.unit_gpus} at a time."
            hint = f"Give at least {one.unit_gpus}, or `whole_nodes: false`."
            yield asked.problem("no_unit_fits", message, "/available", hint)
    most = spec.constraints.max_gpus
    least = min((one.unit_gpus for one in offers), default=0)
    if most is not None and most < least:
        message = f"At most {most} GPUs are allowed, and every offer comes {least} or more at a time."
        yield Problem("no_unit_fits", message, "/constraints/max_gpus", f"Give at least {least}.")


def _available(spec: "FleetSpec", offers: tuple[Resolved, ...]) -> Iterator[Problem]:
    """Availability is of a GPU that is offered there, once, and is enough for a unit."""
    seen = Counter[tuple[str, str | None, str | None]]()
    for number, limit in enumerate(spec.constraints.available):
        at = f"/constraints/available/{number}"
        of_gpu = [one for one in offers if limit.names(one.gpu)]
        there = [one for one in of_gpu if _in(limit, one)]
        if not of_gpu:
            hint = nearest(limit.gpu, {one.gpu.name for one in offers})
            yield Problem("unknown_name", f"Nobody offers a GPU called '{limit.gpu}'.", f"{at}/gpu", hint)
            continue
        name = (of_gpu[0].gpu.name, limit.region, limit.zone)
        seen[name] += 1
        if seen[name] > 1:
            message = "There is a limit for this GPU in this place already."
            yield Problem("duplicate_limit", message, at, "Keep the smaller of the two.")
        least = min((one.unit_gpus for one in there), default=0)
        if not there:
            hint = "Take a place with offers of this GPU, or leave the limit out."
            yield Problem("unknown_place", f"Nobody offers {of_gpu[0].gpu.shown} there.", at, hint)
        elif limit.gpus < least:
            message = f"At most {limit.gpus} GPUs are allowed, and they come {least} or more at a time."
            yield Problem("no_unit_fits", message, f"{at}/gpus", f"Give at least {least}.")


def _sites(spec: "FleetSpec", offers: tuple[Resolved, ...]) -> Iterator[Problem]:
    """A power limit is about offers whose power is known, and carries one unit; carbon is said in one way."""
    for number, site in enumerate(spec.sites):
        if site.carbon_g_per_kwh is not None and site.carbon_by_hour:
            at = f"/sites/{number}/carbon_by_hour"
            yield Problem("contradiction", "The site has one number and one for each hour.", at, "Keep one of them.")
        if site.power_limit is None:
            continue
        there = [one for one in offers if _in(site, one)]
        yield from (_unrated(spec, one, "the site's power limit") for one in there if one.watts_per_gpu is None)
        watts = [one.unit_gpus * one.watts_per_gpu * site.pue for one in there if one.watts_per_gpu is not None]
        if watts and min(watts) > site.power_limit:
            at = f"/sites/{number}/power_limit"
            message = (
                f"{show(site.power_limit, POWER)} is less than the {show(min(watts), POWER)} of the smallest unit."
            )
            yield Problem("no_unit_fits", message, at, "Raise it, or leave the offers there out.")


def _carbon(spec: "FleetSpec", offers: tuple[Resolved, ...]) -> Iterator[Problem]:
    """The fewest grams can be told only where every offer's power and its grams are known."""
    if spec.objective != "carbon":
        return
    for asked, one in zip(spec.asked, offers, strict=True):
        said = [site for site in spec.sites if site.carbon_g_per_kwh is not None or site.carbon_by_hour]
        if one.watts_per_gpu is None:
            yield _unrated(spec, one, "the objective `carbon`")
        elif not any(_in(site, one) for site in said):
            where = " ".join(part for part in (one.region, one.zone) if part) or "the place of this offer"
            message = f"The objective is carbon, and nobody says how clean the power of {where} is."
            hint = "Add a site with `carbon_g_per_kwh` for it; one without region and zone holds everywhere."
            yield asked.problem("no_carbon", message, "", hint)


def _unrated(spec: "FleetSpec", one: Resolved, what: str) -> Problem:
    asked = spec.asked[spec.offers.index(one)]
    message = f"Nobody knows the power of {one.gpu.shown}, which {what} needs."
    return asked.problem("no_power", message, "/node", "Give the node or its GPU `power`.")


def _in(place: Site | Availability, one: Resolved) -> bool:
    return place.region in (None, one.region) and place.zone in (None, one.zone)
