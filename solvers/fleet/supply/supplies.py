"""Every way to serve every service on every offer, with what a replica carries of each class of requests.

What is alike is worked out once: offers of one kind of node (on demand, reserved, spot, in several zones) share all of
it, and `known` carries it to the next question. A class that no way serves is first held to the latencies themselves
instead of the static model's margins; if even so none does, it is late where the attainment asked for has room for it,
and else not served: the reasons stand in `unserved`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from solvers.catalogue.hardware import Node
from solvers.fleet.offers import Resolved
from solvers.fleet.service import Service
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.brought import Brought, brought
from solvers.fleet.supply.case import ROOM, Floats, Ready, Supplies, Unserved
from solvers.fleet.supply.chosen import Way
from solvers.fleet.supply.classes import carried_of
from solvers.fleet.supply.known import Known
from solvers.fleet.supply.nodes import Asked, Found, Unable, unpaced
from solvers.fleet.supply.unserved import unserved_of
from solvers.serving.plan import layout_label, weights_word
from solvers.serving.setup import Setup
from solvers.serving.study import Study

# How far limits are stretched where nothing keeps to them; beyond ROOM requests are late.
STRETCHES = (1.0, 1.1, 1.25, ROOM, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
# Of the requests that may miss, so many may be late on every GPU; the others leave room for what load does (estimate).
SPARED = 0.5


@dataclass(frozen=True)
class _Served:
    """A service's classes with what each kind of node does for it."""

    asked: Asked
    nodes: dict[int, Node]
    found: dict[int, Found | Unable]
    brought: dict[int, tuple[Brought, ...]]


def supplies(spec: FleetSpec, *, known: Supplies | None = None, also: Iterable[Ready] = ()) -> Supplies:
    """All that the programme chooses from; the setups of `also` are among it, where their nodes are.

    SpecError stands at what is wrong with a service's traffic or table.
    """
    kept = known.known if known is not None else Known()
    more = [(one.service, one.node, one.setup) for one in also if one.setup is not None]
    served = [
        _served(spec, place, kept, tuple((node, setup) for service, node, setup in more if service == place))
        for place in range(len(spec.services))
    ]
    ready = [one for service in served for one in _ready(service)]
    rejected: Counter[str] = Counter()
    for service in served:
        for found in service.found.values():
            rejected += found.rejected if isinstance(found, Found) else Counter({found.message: 1})
    unserved = tuple(one for service in served for one in _unserved(service, ready))
    return Supplies(tuple(one.asked.carried for one in served), tuple(ready), rejected, unserved, kept)


def allows(service: Service, offer: Resolved) -> bool:
    """Whether a service may run on an offer."""
    return not service.zones or offer.zone in service.zones or offer.region in service.zones


def _served(spec: FleetSpec, place: int, known: Known, also: tuple[tuple[Node, Setup], ...]) -> _Served:
    service = spec.services[place]
    nodes = {o: offer.node for o, offer in enumerate(spec.offers) if allows(service, offer)}
    traffic = unpaced(service.traffic)
    told = (place, service.model, traffic, service.router, service.buckets, service.capacities, spec.seed)
    carried, drawn = known.answer(("classes", *told), lambda: carried_of(place, service, seed=spec.seed))
    asked = Asked(spec, place, carried, drawn, known, also)
    found = _found(asked, nodes)
    tables = {o: brought(asked, node, found.get(o)) for o, node in nodes.items()}
    stretch = _stretch(asked, found, tables)
    if (stretch == 1.0).all():
        return _Served(asked, nodes, found, tables)
    later = replace(asked, carried=replace(carried, parts=replace(carried.split, stretch=stretch)))
    found = _found(later, nodes)
    return _Served(later, nodes, found, {o: brought(later, node, found.get(o)) for o, node in nodes.items()})


def _found(asked: Asked, nodes: dict[int, Node]) -> dict[int, Found | Unable]:
    """What each offer's node can do by the model; nothing where there is none."""
    return {} if asked.service.model is None else {o: asked.found(node) for o, node in nodes.items()}


def _stretch(asked: Asked, found: dict[int, Found | Unable], tables: dict[int, tuple[Brought, ...]]) -> Floats:
    """How far the limits of each class [K] are stretched for something to serve it; all 1 where that is no help."""
    carried, spare = asked.carried, SPARED * (1.0 - asked.service.slo.attainment)
    able = [one for one in found.values() if isinstance(one, Found)]
    needs = np.min([one.needs for one in able], axis=0) if able else np.full(len(carried.shares), np.inf)
    for rows in tables.values():
        for row in rows:
            needs = np.where(row.capacity_per_s > 0, 1.0, needs)
    wanted = np.array(
        [next((one for one in STRETCHES if one >= need * (1.0 + 1e-9) or one == need == 1.0), np.inf) for need in needs]
    )
    if carried.shares[wanted > ROOM].sum() > spare:
        return np.ones(len(wanted))
    return np.where(np.isinf(wanted), 1.0, wanted)


def _ready(served: _Served) -> Iterator[Ready]:
    """The ways on each offer, in order; those that were measured first."""
    place = served.asked.place
    for o, node in served.nodes.items():
        rows, found = served.brought[o], served.found.get(o)
        for row in (one for one in rows if one.capacity_per_s.any()):
            study = _study(served, node, found, row.way)
            setup, load = (row.way.setup, row.way.load) if row.way is not None else (None, None)
            modelled = None if row.way is None else row.way.capacity_per_s
            yield Ready(place, o, row.tp, row.label, row.capacity_per_s, study, setup, node.gpu, node, modelled, load)
        if isinstance(found, Found):
            ways = [way for way in found.kept if not any(row.replaces(way) for row in rows)]
            for way, label in zip(ways, labels(ways), strict=True):
                yield Ready(
                    place, o, way.setup.gpus, label, way.capacity_per_s, _study(served, node, found, way), way.setup,
                    node.gpu, node, load=way.load,
                )  # fmt: skip


def _study(served: _Served, node: Node, found: Found | Unable | None, way: Way | None) -> Study | None:
    """What a setup is simulated by."""
    return served.asked.shorter(node, found.study, way) if isinstance(found, Found) and way is not None else None


def labels(ways: list[Way]) -> list[str]:
    """One line for each that tells it from the others: `TP2, FP8`, with its limits where more have that layout."""
    plain = []
    for way in ways:
        numbers = way.setup.numerics
        words = [layout_label(way.setup.layout), weights_word(numbers.weights).upper()]
        plain.append(", ".join(words + (["KV FP8"] if numbers.kv == "fp8" else [])))
    return [
        f"{name}, {way.setup.max_num_batched_tokens} tokens and {way.setup.max_num_seqs} sequences a step"
        if plain.count(name) > 1
        else name
        for name, way in zip(plain, ways, strict=True)
    ]


def _unserved(served: _Served, ready: list[Ready]) -> Iterator[Unserved]:
    carried = served.asked.carried
    able = np.zeros(len(carried.shares), dtype=bool)
    for one in ready:
        if one.service == served.asked.place:
            able |= one.capacity_per_s > 0
    for k in np.flatnonzero(~able).tolist():
        yield unserved_of(served.asked, k, served.nodes, served.found)
