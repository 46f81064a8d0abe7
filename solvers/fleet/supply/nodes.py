"""What one kind of node can do for a service: its setups that are worth telling of, and why others are not."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from pydantic import ValidationError

from solvers.catalogue.equal_nodes import Hardware
from solvers.catalogue.hardware import Node
from solvers.documents import Document
from solvers.fleet.calibrated import calibration_of
from solvers.fleet.service import Service
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import ROOM, Carried, Floats
from solvers.fleet.supply.chosen import NO_BETTER, SAME, Way, best_settings, undominated
from solvers.fleet.supply.known import Known
from solvers.fleet.supply.modelled import Able, Shapes, ables, limits_by_part, most, shapes_of
from solvers.problems import problems_of
from solvers.serving.requests import Sample, shape_of
from solvers.serving.screen import MISS, SLOWER_TPOT, SLOWER_TTFT
from solvers.serving.setup import Setup
from solvers.serving.spec import ServingSpec
from solvers.serving.study import Study, cached, longest_of, study_of
from solvers.serving.traffic import Traffic

LATE = MISS.format("the latencies")


@dataclass(frozen=True)
class Unable:
    """Why a node cannot be asked at all: the field that says so, and in words."""

    constraint: str
    message: str


@dataclass(frozen=True)
class Found:
    """The setups of a node: the best of each layout and numbers, of these those that the programme chooses from.

    `needs` [K] is how far a class's limits have to be stretched for any setup to serve it; infinite where memory
    forbids it. `unable` are setups that serve no class in time, the one with the shortest steps of each layout and
    numbers: what was measured may say otherwise.
    """

    study: Study
    best: tuple[Way, ...]
    kept: tuple[Way, ...]
    needs: Floats
    rejected: Counter[str] = field(default_factory=Counter)
    unable: tuple[Way, ...] = ()


@dataclass(frozen=True)
class Asked:
    """One service with its classes and its sample; `also` are setups of nodes that are kept whatever others carry."""

    spec: FleetSpec
    place: int
    carried: Carried
    drawn: Sample
    known: Known
    also: tuple[tuple[Node, Setup], ...] = ()

    @property
    def service(self) -> Service:
        """The service."""
        return self.spec.services[self.place]

    @property
    def traits(self) -> tuple[object, ...]:
        """All that a study of it depends on, but for the node."""
        one, spec = self.service, self.spec
        return (one.model, one.engine, one.precision, one.options, spec.calibration, spec.seed, unpaced(one.traffic))

    def study(self, node: Node) -> Study | Unable:
        """The service on one node, ready to be rated; other latencies leave its costs and memory as they are."""
        found = self.known.answer(("study", node, self.traits), lambda: _study(self, node))
        slo = self.service.slo
        if isinstance(found, Unable) or found.spec.slo == slo:
            return found
        spec = found.spec.model_copy(update={"slo": slo})
        made = ("limits", node, slo, self.traits)
        return self.known.answer(made, lambda: replace(found, spec=spec))

    def shorter(self, node: Node, study: Study, way: Way) -> Study:
        """The study for a replica whose cache does not hold the longest request: its engine takes none so long."""
        if way.longest >= self.carried.longest:
            return study
        limits = study.spec.constraints.model_copy(update={"max_model_len": way.longest})
        spec = study.spec.model_copy(update={"constraints": limits})
        made = ("shorter", node, study.spec.slo, way.longest, self.traits)
        return self.known.answer(made, lambda: study_of(spec, self.drawn, study.shape, longest=way.longest))

    def found(self, node: Node) -> Found | Unable:
        """What a node can do for it."""
        study = self.study(node)
        if isinstance(study, Unable):
            return study
        one = self.service
        shapes = self.known.answer(("shapes", self.parts, self.traits), lambda: shapes_of(self.carried, study))
        also = tuple(setup for at, setup in self.also if at == node)
        told = ("found", node, one.slo, tuple(self.carried.split.stretch.tolist()), self.classes, self.traits, also)
        return self.known.answer(told, lambda: _found(study, self.carried, self.rated(node, study, shapes), also))

    def rated(self, node: Node, study: Study, shapes: Shapes) -> tuple[list[Able], Counter[str]]:
        """The loads of every setup of a node, whatever the latencies."""
        return self.known.answer(("rated", node, self.parts, self.traits), lambda: ables(study, shapes))

    @property
    def parts(self) -> tuple[object, ...]:
        """What the parts depend on beside the traffic: a router that sees more puts them together otherwise."""
        return (self.service.buckets, self.service.capacities)

    @property
    def classes(self) -> tuple[object, ...]:
        """What the classes depend on beside the traffic."""
        return (self.service.router, *self.parts)


def unpaced(traffic: Traffic) -> Traffic:
    """The same requests however often they come: what is worked out of them does not depend on it."""
    return traffic.model_copy(update={"rate": None, "rate_scale": 1.0})


def serving_of(spec: FleetSpec, service: Service, node: Node) -> ServingSpec:
    """A service on one node as serving plans it. ValidationError: the node cannot be asked."""
    return ServingSpec.model_validate({
        "model": service.model, "hardware": Hardware(node=node, nodes=1), "traffic": service.traffic,
        "slo": service.slo, "engine": service.engine, "precision": service.precision, "options": service.options,
        "calibration": calibration_of(spec.calibration, node.gpu), "seed": spec.seed,
    })  # fmt: skip


def _study(asked: Asked, node: Node) -> Study | Unable:
    one = asked.service
    try:
        spec = serving_of(asked.spec, one, node)
    except ValidationError as error:
        problem = problems_of(error, _schema())[0]
        return Unable(problem.at.strip("/").split("/")[0], problem.message)
    shape = asked.known.answer(
        ("shape", asked.traits), lambda: shape_of(asked.drawn.requests, cached=cached(one.options))
    )
    return study_of(spec, asked.drawn, shape, longest=longest_of(spec))


@cache
def _schema() -> Document:
    """What is said of a spec's fields: made once, for every node that cannot be asked wants it."""
    return ServingSpec.model_json_schema()


def _found(
    study: Study, carried: Carried, rated: tuple[list[Able], Counter[str]], also: tuple[Setup, ...] = ()
) -> Found:
    every, rejected = rated
    limits = limits_by_part(study.spec.slo, carried)
    ways = [way for able in every for way in _ways(able, carried, limits)]
    able_ways = [way for way in ways if way.capacity_per_s.any()]
    alike: dict[object, list[Way]] = {}
    for way in able_ways:
        alike.setdefault((way.setup.layout, way.setup.numerics), []).append(way)
    best = [way for some in alike.values() for way in best_settings(some)]
    kept = undominated(best)
    kept += [way for way in able_ways if way.setup in also and way.setup not in {one.setup for one in kept}]
    counts = {LATE: len(ways) - len(able_ways), SAME: len(able_ways) - len(best), NO_BETTER: len(best) - len(kept)}
    needs = _needs(every, replace(carried, parts=replace(carried.split, stretch=np.ones(len(carried.shares)))), study)
    unable = _shortest([way for way in ways if not way.capacity_per_s.any()])
    return Found(study, tuple(best), tuple(kept), needs, Counter(rejected) + Counter(counts), unable)


def _shortest(ways: list[Way]) -> tuple[Way, ...]:
    """Of each layout and numbers the setup that holds the most and has the shortest steps."""
    alike: dict[object, Way] = {}
    for way in sorted(ways, key=lambda one: (-one.longest, float(one.load.tpot_s.min(initial=np.inf)))):
        alike.setdefault((way.setup.layout, way.setup.numerics), way)
    return tuple(alike.values())


def _ways(able: Able, carried: Carried, limits: tuple[Floats, Floats]) -> list[Way]:
    """Each setup with what it carries."""
    tpot, ttft = (limit[:, None] for limit in limits)
    carries = np.where(able.holds, most(able.load, tpot_s=tpot, ttft_s=ttft), 0.0)
    return [
        Way(setup, carried.split.together(carries[:, n]), able.only(n), able.longest(n))
        for n, setup in enumerate(able.setups)
    ]


def _needs(every: list[Able], carried: Carried, study: Study) -> Floats:
    """How far each class's limits [K] have to be stretched for one of the setups."""
    least = np.full(len(carried.shares), np.inf)
    margins = (SLOWER_TPOT, SLOWER_TTFT)
    limits = limits_by_part(study.spec.slo, carried)
    for able in every:
        stretch = np.where(able.holds, 1.0, np.inf)
        for seconds, limit, margin in zip((able.load.tpot_s, able.load.ttft_s), limits, margins, strict=True):
            asked = seconds.min(axis=-1) / limit[:, None]
            stretch = np.maximum(stretch, np.where(asked <= margin, asked, ROOM * asked / margin))
        for k in range(len(least)):
            least[k] = min(least[k], stretch[carried.split.of == k].max(axis=0).min())
    return least
