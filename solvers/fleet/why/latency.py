"""A question with another latency, such that a shorter one is never told as cheaper, nor a longer one as dearer.

What holds at a latency holds at a longer one. But limits that nothing keeps to are stretched (`supply.supplies`), and
settings are chosen anew, so capacities alone may say otherwise. So a replica that both questions know carries, of each
class, no more at a shorter latency and no less at a longer one than in the question of the plan; at a longer one there
is every replica of that question. A shorter one may know replicas that the plan's does not: where it is cheaper with
them, the plan's question has to know them too (`overlooked`, `solve`).
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Ready, Supplies

# How many times as long.
FACTORS = (0.8, 1.25)


@dataclass(frozen=True)
class Latency:
    """A limit of a service `factor` times as long; no programme where nothing serves a class then, no mix for none."""

    service: int
    limit: str
    factor: float
    supplies: Supplies
    programme: Programme | None
    mix: Mix | None


def with_limit(spec: FleetSpec, service: int, name: str, factor: float) -> FleetSpec:
    """The question with one latency of a service so many times as long."""
    one = spec.services[service]
    slo = one.slo.model_copy(update={name: one.slo.limits[name] * factor})
    services = list(spec.services)
    services[service] = one.model_copy(update={"slo": slo})
    return spec.model_copy(update={"services": tuple(services)})


def same(one: Ready) -> tuple[object, ...]:
    """What makes it the same replica at other latencies: its setup, or what the table calls it."""
    return one.service, one.offer, one.gpus, one.setup or one.label


def held_to(found: Supplies, known: Supplies, *, longer: bool, closed: bool) -> Supplies:
    """What can be had at another latency, held to what is `known` at the plan's.

    `closed`: a shorter one has none but the known replicas.
    """
    own = {same(one): one for one in known.ready}
    bound = np.maximum if longer else np.minimum
    ready = [
        replace(one, capacity_per_s=bound(one.capacity_per_s, own[same(one)].capacity_per_s))
        if same(one) in own
        else one
        for one in found.ready
        if longer or not closed or same(one) in own
    ]
    there = {same(one) for one in found.ready}
    more = [one for key, one in own.items() if longer and key not in there]
    return replace(found, ready=(*ready, *more))
