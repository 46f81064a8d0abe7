"""What the sites say of an offer: the watts that a unit of it draws there, and how clean they are."""

import numpy as np

from solvers.fleet.market import Site
from solvers.fleet.offers import Resolved
from solvers.fleet.programme.case import Floats
from solvers.fleet.spec import FleetSpec

W_PER_KW = 1000.0


def stands_in(one: Resolved, *, region: str | None, zone: str | None) -> bool:
    """Whether an offer is of that region and zone, where these are given."""
    return region in (None, one.region) and zone in (None, one.zone)


def watts_of(spec: FleetSpec, one: Resolved) -> float | None:
    """Rated watts of a unit with its share of the host and of cooling (its largest PUE); None where unknown."""
    rated = one.watts_per_gpu
    return None if rated is None else one.unit_gpus * rated * max((site.pue for site in _sites(spec, one)), default=1.0)


def carbon_of(spec: FleetSpec, one: Resolved) -> Floats | None:
    """Grams of CO2 that a unit at its rated power stands for in each hour [T]; None where nobody knows them."""
    watts = watts_of(spec, one)
    for site in _sites(spec, one):
        grams = site.carbon_by_hour or (() if site.carbon_g_per_kwh is None else (site.carbon_g_per_kwh,) * spec.hours)
        if grams and watts is not None:
            emitted: Floats = watts / W_PER_KW * np.array(grams)
            return emitted
    return None


def _sites(spec: FleetSpec, one: Resolved) -> list[Site]:
    """The sites that an offer stands in: its zone before its region before what is said of all."""
    around = [site for site in spec.sites if stands_in(one, region=site.region, zone=site.zone)]
    return sorted(around, key=lambda site: (site.zone is None, site.region is None))
