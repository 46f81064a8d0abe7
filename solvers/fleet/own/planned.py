"""The steps of a fleet's replicas on one GPU, and how much of the money that is spent on it each of them takes.

Of a configuration the requests of its classes, in its busiest hour:
    rate    requests a second of one replica: demand x shares of its classes x their weights / replicas
    batch   b = rate x outputs x t(b) / (1 - rate x prefill)      decodes of a step (Little's law), t(b) its seconds
    share   dollars of its replicas of those of all configurations on the GPU, whose capacities a calibration moves
"""

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.catalogue.attached import is_same
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.fleet.offers import Resolved
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.classes import carried_of
from solvers.fleet.supply.modelled import some
from solvers.fleet.supply.nodes import serving_of
from solvers.fleet.why.called import joined
from solvers.serving import calibration
from solvers.serving.own.choose import Aim
from solvers.serving.own.planned import Planned, steps_of
from solvers.serving.requests import Shape, shape_of
from solvers.serving.spec import ServingSpec

# Configurations that are aimed at, the dearest; and rounds in which a batch is found.
MOST, ROUNDS = 6, 50


def spent_on(spec: FleetSpec, result: Document, device: str) -> float:
    """The share of what a plan spends on its replicas that it spends on GPUs of this name."""
    offers, found = _offers(spec), result["plan"]["configurations"]
    spent = np.array([_dollars(one, offers) for one in found])
    there = np.array([is_same(offers[one["offer"]].gpu, device) for one in found])
    return float(_shares(spent)[there].sum())


def aims(spec: FleetSpec, result: Document, device: str) -> list[Aim]:
    """The steps of the plan's replicas on a GPU of this name. SpecError: it has none, or what was measured of them."""
    offers, plan = _offers(spec), result["plan"]
    there = [one for one in plan["configurations"] if is_same(offers[one["offer"]].gpu, device)]
    if not there:
        used = dict.fromkeys(offers[one["offer"]].gpu.shown for one in plan["configurations"])
        gpus = joined([*used])
        said = f"The plan runs on {gpus}, and the node has {device}."
        raise SpecError(Problem("other_device", said, "/market", "Attach a node with a GPU of the plan."))
    able = [one for one in there if one["layout"] is not None and one.get("calibration", "published") is not None]
    if not able:
        said = f"All that runs on {device} rests on capacities that were measured: no calibration would move them."
        raise SpecError(Problem("nothing_to_learn", said, "/services", "Try the plan on another of its GPUs."))
    dearest = sorted(able, key=lambda one: -_dollars(one, offers))[:MOST]
    shares = _shares(np.array([_dollars(one, offers) for one in dearest]))
    return [_aim(spec, plan, one, share) for one, share in zip(dearest, shares.tolist(), strict=True)]


def _offers(spec: FleetSpec) -> dict[str, Resolved]:
    return {one.name: one for one in spec.offers}


def _shares(dollars: Floats) -> Floats:
    """Of what is spent in all; alike where nothing costs anything."""
    found: Floats = dollars / dollars.sum() if dollars.sum() > 0 else np.full(len(dollars), 1.0 / max(len(dollars), 1))
    return found


def _dollars(one: Document, offers: dict[str, Resolved]) -> float:
    """What the replicas of a configuration cost an hour, in the mean over the hours."""
    price = float(np.mean(offers[one["offer"]].usd_per_gpu_hour))
    return float(np.mean(one["replicas_by_hour"]) * one["gpus"] * price)


def _aim(spec: FleetSpec, plan: Document, one: Document, share: float) -> Aim:
    place = next(place for place, service in enumerate(spec.services) if service.name == one["service"])
    serving = serving_of(spec, spec.services[place], _offers(spec)[one["offer"]].node)
    shape, rate = _load(spec, plan, one, place)
    pool = {"layout": one["layout"], "precision": one["precision"], "engine": one["settings"]}
    return Aim(serving, _at_its_batch(serving, pool, shape, rate / one["layout"]["dp"]), share)


def _load(spec: FleetSpec, plan: Document, one: Document, place: int) -> tuple[Shape, float]:
    """The requests of a configuration's classes, and how many a second one of its replicas has in the busiest hour."""
    carried, _ = carried_of(place, spec.services[place], seed=spec.seed)
    labels = [kind.label for kind in carried.classes]
    demand = plan["hours"]["demand_per_s"][one["service"]]
    taken = np.zeros((len(demand), len(labels)))
    for part in (part for part in plan["routing"] if part["service"] == one["service"]):
        weights = [part["weights"].get(label, {}).get(one["name"], 0.0) for label in labels]
        taken[part["hours"]] = np.outer(np.array(demand)[part["hours"]], carried.shares * weights)
    taken *= 1.0 - carried.refused
    own = np.flatnonzero(taken.any(axis=0))
    chosen = np.isin(carried.class_of(carried.requests.input_tokens, carried.requests.output_tokens), own)
    shape = shape_of(some(carried.requests, chosen), cached=one["settings"]["prefix_caching"])
    replicas = np.maximum(one["replicas_by_hour"], 1)
    return shape, float((taken.sum(axis=1) / replicas).max())


def _at_its_batch(spec: ServingSpec, pool: Document, shape: Shape, rate_per_s: float) -> Planned:
    """The steps at the batch that such a rate keeps going."""
    most, coefficients = pool["engine"]["max_num_seqs"], calibration.coefficients(spec.calibration)
    batch = 1
    for _ in range(ROUNDS):
        plan = steps_of(spec, pool, pool, shape, batch=batch)
        chunk_s, step_s = np.exp(plan.log_seconds(coefficients)).tolist()
        left = 1.0 - rate_per_s * chunk_s * shape.fresh / plan.chunk
        wanted = rate_per_s * shape.outputs * step_s / left if left > 0 else most
        if (found := int(np.clip(round(wanted), 1, most))) == batch:
            break
        batch = found
    return steps_of(spec, pool, pool, shape, batch=batch)
