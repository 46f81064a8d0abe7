"""An answer that is to be explained, and how a changed question is asked again with what simulation taught.

A changed question has its own capacities by the static model; what simulation made of a configuration (its factor) is
kept for the same one; for a new one it is the mean of the simulated ones of its offer, else of its service.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from solvers.catalogue import names
from solvers.catalogue.hardware import Gpu
from solvers.fleet.asked import programme_of
from solvers.fleet.programme.case import Floats, Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.proof.case import Proof, loaded
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Ready, Supplies
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.called import Called
from solvers.fleet.why.latency import FACTORS, Latency, held_to, same, with_limit
from solvers.fleet.why.typical import Typical, based, over, part_of, priced, typical_of


@dataclass(frozen=True)
class Answered:
    """The question, what could serve it, and the plan that was proven.

    `closed`: what shorter latencies would be cheaper with was tried, and the plan is none the better for it.
    """

    spec: FleetSpec
    supplies: Supplies
    proof: Proof
    closed: bool = False

    @cached_property
    def typical(self) -> Typical:
        """The hours that are solved again, in dollars of the plan."""
        return self._few if self._best is None else based(self._few, self._best, self.proof.mix)

    @cached_property
    def _few(self) -> Typical:
        return typical_of(self.proof.programme, self.proof.mix)

    @cached_property
    def _best(self) -> Mix | None:
        """The cheapest mix for the hours that stand for more; None where all hours are solved again."""
        whole = len(self._few.hours) == self.proof.programme.hours
        return None if whole else cheapest(over(self.proof.programme, self._few))

    @cached_property
    def programme(self) -> Programme:
        """The programme whose answer the plan is, of the hours that are solved again."""
        return over(self.proof.programme, self.typical)

    @cached_property
    def plan(self) -> Mix:
        """The plan in those hours."""
        return part_of(self.programme, self.proof.mix, self.typical)

    @cached_property
    def mix(self) -> Mix:
        """The plan, or the best for those hours alone at its cost: what changed questions are held against."""
        if self._best is None:
            return self.plan
        return priced(self._best, self.typical, carbon=self.programme.objective == "carbon")

    @cached_property
    def called(self) -> Called:
        """What its numbers are called."""
        return called(self.spec, self.supplies)

    def ask(self, spec: FleetSpec) -> tuple[Supplies, Programme] | None:
        """A changed question as a programme; None where nothing on the market serves one of its classes."""
        found = supplies(spec, known=self.supplies)
        return None if found.unserved else (found, self._asked(spec, found))

    @cached_property
    def latencies(self) -> tuple[Latency, ...]:
        """Every latency of a service that is served by a model, shorter and longer, solved again."""
        return tuple(
            self._latency(service, limit, factor)
            for service, one in enumerate(self.spec.services)
            for limit in (one.slo.limits if one.model is not None else ())
            for factor in FACTORS
        )

    def _latency(self, service: int, limit: str, factor: float) -> Latency:
        spec = with_limit(self.spec, service, limit, factor)
        found = supplies(spec, known=self.supplies)
        held = held_to(found, self.supplies, longer=factor > 1.0, closed=self.closed)
        asked = None if found.unserved else self._asked(spec, held)
        return Latency(service, limit, factor, held, asked, None if asked is None else cheapest(asked))

    def _asked(self, spec: FleetSpec, found: Supplies) -> Programme:
        plain = programme_of(spec, found, self._learned(found, self.proof.factors))
        alone = tuple(replace(one, gains=self._learned(found, one.gains)) for one in self.proof.programme.alone)
        return over(replace(loaded(plain, self.proof.loads), alone=alone), self.typical)

    def _learned(self, found: Supplies, factors: Floats) -> Floats:
        return factors_of(found, self.supplies, factors, self.proof.simulated)


def called(spec: FleetSpec, known: Supplies) -> Called:
    """The names of offers, GPU types, services, classes and limits."""
    offers = spec.offers
    return Called(
        offers=tuple(one.name for one in offers),
        gpus=tuple(short_name(one.gpu) for one in offers),
        terms=tuple(one.term for one in offers),
        services=tuple(one.name for one in spec.services),
        classes=tuple(tuple(one.label for one in carried.classes) for carried in known.services),
        limits=_limits(spec),
    )


def short_name(gpu: Gpu) -> str:
    """`A100-80`: a name of the catalogue in capitals; one of your own as you wrote it."""
    return gpu.name.upper() if gpu.name in names("gpus") else gpu.shown


def _limits(spec: FleetSpec) -> dict[str, str]:
    """Each limit as the subject of a sentence."""
    limits = spec.constraints
    found = {"/constraints/max_gpus": f"{limits.max_gpus:,} GPUs at most"} if limits.max_gpus else {}
    for place, one in enumerate(limits.available):
        where = f" in {one.zone or one.region}" if one.zone or one.region else ""
        found[f"/constraints/available/{place}"] = f"{one.gpus:,} {one.gpu}{where} at most"
    for place, site in enumerate(spec.sites):
        if site.power_limit is not None:
            where = site.zone or site.region or "all places"
            found[f"/sites/{place}/power_limit"] = f"the power of {where}"
    return found


def factors_of(found: Supplies, known: Supplies, factors: Floats, simulated: Collection[int]) -> Floats:
    """What simulation made of each configuration of `found` [C], from what it made of the `known` ones.

    Others than themselves are known by the `simulated` ones alone: what was not simulated has a hopeful factor.
    """
    logs: dict[object, list[float]] = {}
    for c, (one, factor) in enumerate(zip(known.ready, factors.tolist(), strict=True)):
        own, *others = _keys(one)
        for key in (own, *others) if c in simulated else (own,):
            logs.setdefault(key, []).append(np.log(factor))
    means = {key: float(np.exp(np.mean(values))) for key, values in logs.items()}
    return np.array([next((means[key] for key in _keys(one) if key in means), 1.0) for one in found.ready])


def _keys(one: Ready) -> tuple[object, ...]:
    """From the same configuration to the same service."""
    return same(one), (one.service, one.offer, one.gpus), (one.service, one.offer), (one.service,)
