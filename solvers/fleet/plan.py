"""The plan as a document: what to buy, what runs on it, where requests go, hour by hour."""

from collections.abc import Iterable

import numpy as np

from solvers.documents import Document
from solvers.fleet.asked import demand_per_s, rates_of
from solvers.fleet.offers import Resolved
from solvers.fleet.programme.case import Floats, Ints, Mix, Programme
from solvers.fleet.programme.without import counted_for
from solvers.fleet.proof.case import Proof
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Ready, Supplies
from solvers.serving.calibration import name_of
from solvers.serving.plan import pool_document
from solvers.serving.setup import Group

# A share of a class that a router need not know.
LEAST_SHARE = 1e-6


def plan_document(spec: FleetSpec, supplies: Supplies, proof: Proof) -> Document:
    """The whole plan."""
    mix, offers = proof.mix, spec.offers
    names = configuration_names(supplies, offers, spec)
    used = np.flatnonzero(mix.replicas.max(axis=1) > 0).tolist()
    return {
        "services": [_service(spec, supplies, proof, place) for place in range(len(spec.services))],
        "offers": [_offer(one, mix.units[place]) for place, one in enumerate(offers) if mix.units[place].max() > 0],
        "configurations": [_configuration(spec, supplies, proof, place, names[place]) for place in used],
        "routing": [
            part for place in range(len(spec.services)) for part in _routing(spec, supplies, mix, place, names)
        ],
        "hours": {
            "count": spec.hours,
            "cost_usd_by_hour": _cost_by_hour(offers, mix),
            "demand_per_s": {one.name: demand_per_s(spec, place).tolist() for place, one in enumerate(spec.services)},
        },
    }


def small_plan(spec: FleetSpec, mix: Mix) -> Document:
    """A mix in a few words: GPUs of each offer at the most."""
    bought = [
        {"name": one.name, "gpu": one.gpu.name, "gpus": int(one.unit_gpus * units.max())}
        for one, units in zip(spec.offers, mix.units, strict=True)
        if units.max() > 0
    ]
    return {"offers": bought, "label": label(spec, mix)}


def label(spec: FleetSpec, mix: Mix) -> str:
    """`3 × l4 + 1 × a100-80`: GPUs of each type at the most, over all terms and places."""
    gpus: dict[str, int] = {}
    offers = spec.offers
    for name in dict.fromkeys(one.gpu.name for one in offers):
        units = [one.unit_gpus * mix.units[place] for place, one in enumerate(offers) if one.gpu.name == name]
        gpus[name] = int(np.sum(units, axis=0).max())
    return " + ".join(f"{count} × {name}" for name, count in gpus.items() if count)


def configuration_names(supplies: Supplies, offers: tuple[Resolved, ...], spec: FleetSpec) -> list[str]:
    """A name of each configuration that no other has: service, offer and how many GPUs a replica takes."""
    plain = [f"{spec.services[one.service].name}-{offers[one.offer].name}-x{one.gpus}" for one in supplies.ready]
    seen: dict[str, int] = {}
    found = []
    for name in plain:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if plain.count(name) == 1 else f"{name}-{seen[name]}")
    return found


def _service(spec: FleetSpec, supplies: Supplies, proof: Proof, place: int) -> Document:
    asked, carried, attained = spec.services[place], supplies.services[place], proof.attained[place]
    return {
        "name": asked.name,
        "model": asked.model.shown if asked.model else None,
        "router": asked.router,
        "engine": asked.engine.name,
        "target": asked.slo.attainment,
        "limits": {f"{name}_s": seconds for name, seconds in asked.slo.limits.items()},
        "classes": [
            {"label": one.label, "input": one.input, "output": one.output, "share": float(share)}
            for one, share in zip(carried.classes, carried.shares, strict=True)
        ],
        "peak_per_s": float(demand_per_s(spec, place).max()),
        "attainment": {
            "value": attained.value,
            "low": attained.low,
            "high": attained.high,
            "by_seed": list(attained.by_seed),
            "hour": attained.hour,
        },
    }


def _offer(one: Resolved, units: Ints) -> Document:
    price = np.array(one.unit_usd())
    return {
        "name": one.name,
        "gpu": one.gpu.name,
        "node": one.node.name,
        "region": one.region,
        "zone": one.zone,
        "term": one.term,
        "provider": one.provider,
        "price_from": one.price_from,
        "unit_gpus": one.unit_gpus,
        "price_usd_per_gpu_hour": float(np.mean(one.usd_per_gpu_hour)),
        "units": _ends(units),
        "units_by_hour": units.tolist(),
        "gpus": _ends(one.unit_gpus * units),
        "cost_usd_per_hour": float((price * units).mean()),
        "cost_usd_by_hour": (price * units).tolist(),
    }


def _ends(numbers: Ints) -> Document:
    return {"least": int(numbers.min()), "most": int(numbers.max())}


def _configuration(spec: FleetSpec, supplies: Supplies, proof: Proof, place: int, name: str) -> Document:
    one, mix, offers = supplies.ready[place], proof.mix, spec.offers
    carried = supplies.services[one.service]
    programme = counted_for(proof.programme, mix)
    known = programme.configurations[place].capacity_per_s
    return {
        "name": name,
        "service": spec.services[one.service].name,
        "offer": offers[one.offer].name,
        "gpu": offers[one.offer].gpu.name,
        "gpus": one.gpus,
        "label": one.label,
        "calibration": _calibration(one),
        **_setup(one),
        "replicas": _ends(mix.replicas[place]),
        "replicas_by_hour": mix.replicas[place].tolist(),
        "factor": float(proof.planned_factors[place]),
        "pace": float(proof.holding.pools.pace(place)),
        "utilization": utilization(programme, mix, place),
        "capacity_per_s": {
            kind.label: float(rate) for kind, rate in zip(carried.classes, known, strict=True) if rate > 0
        },
    }


def _calibration(one: Ready) -> str | None:
    """What its capacity was calibrated on; None where that was measured."""
    return None if one.measured or one.study is None else name_of(one.study.spec.calibration)


def _setup(one: Ready) -> Document:
    """Layout, numbers, settings and memory as a serving plan has them; nothing where only a table is known."""
    if one.setup is None or one.study is None:
        return {"layout": None, "precision": None, "settings": None, "memory": None}
    pool = pool_document(Group("both", one.setup, 1), one.study.shop)
    return {"layout": pool["layout"], "precision": pool["precision"], "settings": pool["engine"],
            "memory": pool["memory"]}  # fmt: skip


def utilization(programme: Programme, mix: Mix, place: int) -> float:
    """The largest share of its replicas that a configuration works for, over the hours."""
    one = programme.configurations[place]
    able = one.capacity_per_s > 0
    shares, rates = mix.shares[one.service][:, able, place], programme.rates_per_s[one.service][:, able]
    work = (rates * shares / one.capacity_per_s[able]).sum(axis=1)
    return float(np.max(work / np.maximum(mix.replicas[place], 1)))


def _routing(spec: FleetSpec, supplies: Supplies, mix: Mix, service: int, names: list[str]) -> Iterable[Document]:
    """The weights of each class; hours with equal ones together."""
    labels = [one.label for one in supplies.services[service].classes]
    loaded = rates_of(spec, supplies, service) > 0
    found: dict[bytes, Document] = {}
    for hour, shares in enumerate(mix.shares[service]):
        kept = np.where((shares > LEAST_SHARE) & loaded[hour][:, None], np.round(shares, 6), 0.0)
        key = kept.tobytes()
        if key not in found:
            found[key] = {"service": spec.services[service].name, "hours": [], "weights": _weights(kept, labels, names)}
        found[key]["hours"].append(hour)
    return [one for one in found.values() if one["weights"]]


def _weights(kept: Floats, labels: list[str], names: list[str]) -> Document:
    return {
        label: {names[place]: float(row[place] / row.sum()) for place in np.flatnonzero(row).tolist()}
        for label, row in zip(labels, kept, strict=True)
        if row.any()
    }


def _cost_by_hour(offers: tuple[Resolved, ...], mix: Mix) -> list[float]:
    price = np.array([one.unit_usd() for one in offers])
    total: list[float] = (price * mix.units).sum(axis=0).tolist()
    return total
