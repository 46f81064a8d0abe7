"""Why nothing on the market can serve a class of requests: for each GPU what it lacks, and by how much."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from solvers.catalogue.hardware import Node
from solvers.fleet.supply.case import Reason, Unserved
from solvers.fleet.supply.classes import measured
from solvers.fleet.supply.modelled import some
from solvers.fleet.supply.nodes import Asked, Found, Unable
from solvers.fleet.supply.table import Row, named
from solvers.serving.infeasible import big_word, emptiest, filled, most_missed, strict_word
from solvers.serving.requests import shape_of
from solvers.serving.study import Study, cached


def unserved_of(asked: Asked, k: int, nodes: dict[int, Node], found: dict[int, Found | Unable]) -> Unserved:
    """Class k of a service with the reasons of every GPU of the market, the nearest first."""
    reasons: dict[tuple[str, str], Reason] = {}
    for o, node in nodes.items():
        for reason in _reasons(asked, k, node, found.get(o)):
            reasons.setdefault((reason.gpu, reason.constraint), reason)
    for o, offer in enumerate(asked.spec.offers):
        if o not in nodes and not any(gpu == offer.gpu.shown for gpu, _ in reasons):
            where = ", ".join(asked.service.zones)
            told = f"It is offered outside of {where} only, where {asked.service.name} may run."
            reasons[offer.gpu.shown, "zones"] = Reason(offer.gpu.shown, "zones", told, math.inf)
    nearest = sorted(reasons.values(), key=lambda one: one.miss)
    return Unserved(asked.place, k, asked.carried.classes[k].label, tuple(nearest))


def _reasons(asked: Asked, k: int, node: Node, found: Found | Unable | None) -> Iterator[Reason]:
    gpu = node.gpu.shown
    if isinstance(found, Unable):
        yield Reason(gpu, found.constraint, found.message, math.inf)
    elif found is not None:
        yield _modelled(asked, k, node, found)
    elif not any(named(node.gpu, row.gpu) for row in _rows(asked)):
        yield Reason(gpu, "table", "The capacities have no line for it.", math.inf)
    elif not any(named(node.gpu, row.gpu) and row.tp <= node.gpus for row in _rows(asked)):
        message = f"The capacities have lines for it with more GPUs than the {node.gpus} of a node only."
        yield Reason(gpu, "table", message, math.inf)
    else:
        yield Reason(gpu, "table", "The capacities have no line of this size, or of a larger one, for it.", math.inf)


def _rows(asked: Asked) -> tuple[Row, ...]:
    table = measured(asked.service)
    return () if table is None else table.rows


def _modelled(asked: Asked, k: int, node: Node, found: Found) -> Reason:
    """Memory where no layout holds its longest request; else the latency that it misses by most."""
    gpu, study = node.gpu.shown, alone(asked, k, found.study)
    if np.isinf(found.needs[k]):
        setup = emptiest(study)
        if setup is None:
            return Reason(gpu, "options", "What is fixed and what is forbidden exclude every layout.", math.inf)
        needed, room = filled(study, setup)
        return Reason(gpu, "memory", big_word(study, setup), needed / room)
    missed = most_missed(study)
    if missed is None:
        return Reason(gpu, "memory", "Its weights fit in no layout.", math.inf)
    name, seconds, _ = missed
    return Reason(gpu, f"slo/{name}", strict_word(study, name, seconds), seconds / study.spec.slo.limits[name])


def alone(asked: Asked, k: int, study: Study) -> Study:
    """The same question with requests of that class alone."""
    carried = asked.carried
    chosen = carried.class_of(carried.requests.input_tokens, carried.requests.output_tokens) == k
    return replace(study, shape=shape_of(some(carried.requests, chosen), cached=cached(study.spec.options)))
