"""When there is no plan: what binds, how much of the demand could be carried, and the smallest change that helps."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from solvers.base import Infeasible, Progress, silent
from solvers.catalogue import get, names
from solvers.catalogue.hardware import Gpu
from solvers.documents import Document
from solvers.errors import SpecError
from solvers.fleet.asked import programme_of
from solvers.fleet.market import MOST_UNITS, Offer
from solvers.fleet.offers import Asked, resolve
from solvers.fleet.plan import small_plan
from solvers.fleet.programme.case import Floats, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.proof.case import Missed, loaded
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies, Unserved
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.answered import called, factors_of
from solvers.fleet.why.calibrated import data_of
from solvers.fleet.why.called import joined, mix_words
from solvers.fleet.why.eased import Change, Short, eased, whole_share
from solvers.fleet.why.latency import with_limit
from solvers.fleet.why.missed import given_up, proven, trusting
from solvers.fleet.why.relax import Relaxation, relaxations
from solvers.fleet.why.sensitivity import LIMITS
from solvers.fleet.why.single import unserved_by
from solvers.units import DURATION, SHARE, show

Learned = tuple[Floats, tuple[Floats, ...]]
"""Factors [C] of the configurations and loads [T] of the services."""

# Latencies are lengthened by these, one after the other, until there is a plan.
LONGER = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
# Things that are named in a sentence; GPUs of the catalogue that may fail before no more are asked, the cheapest first.
NAMED, ASKED = 3, 8

# Tokens of a class that holds requests of any size.
EVERY = (1, None)


def why_infeasible(
    spec: FleetSpec,
    known: Supplies,
    missed: Missed | None = None,
    *,
    counted: Document | None = None,
    progress: Progress = silent,
) -> Infeasible:
    """The answer that there is no plan; `missed` is what simulation found, if it came to that."""
    progress(stage="looking for what would help", fraction=0.7, candidates=len(known.ready))
    plain = np.ones(len(known.ready)), tuple(np.ones(spec.hours) for _ in spec.services)
    learned = plain if missed is None or missed.first is None else (missed.factors, missed.loads)
    longer = _longer(spec, known, learned)
    if known.unserved:
        reason, binding, nearest = _unserved(spec, known)
        ordered = sorted(longer, key=lambda one: one.relative)
    else:
        short = Short(spec, _programme(spec, known, learned), called(spec, known))
        if missed is not None and missed.first is not None and (last := cheapest(short.programme)) is not None:
            return given_up(spec, missed, last, counted or _counted(known))
        found = relaxations(short.programme)
        relaxed = [(change, one) for one in found if (change := eased(short, one)) is not None]
        pairs = sorted([*relaxed, *((change, None) for change in longer)], key=lambda pair: pair[0].relative)
        ordered = [change for change, _ in pairs] if missed is None else proven(short, pairs, progress=progress)
        reason, binding, nearest = _short(short, found, ordered, missed)
    return Infeasible(
        reason=reason,
        binding=binding,
        nearest=nearest,
        smallest_change=_smallest(ordered),
        search=counted or _counted(known),
        data=data_of(spec),
    )


def _programme(spec: FleetSpec, known: Supplies, learned: Learned) -> Programme:
    factors, loads = learned
    return loaded(programme_of(spec, known, factors), loads)


def _smallest(changes: list[Change]) -> Document | None:
    return {**changes[0].document(), "others": [one.document() for one in changes[1:]]} if changes else None


def _counted(known: Supplies) -> Document:
    rejected = dict(sorted(known.rejected.items()))
    return {"candidates": len(known.ready) + sum(rejected.values()), "feasible": 0, "rejected": rejected}


def _unserved(spec: FleetSpec, known: Supplies) -> tuple[str, tuple[str, ...], Document | None]:
    """A class that nothing on the market serves: the nearest GPU's reason, and which GPUs of the catalogue could."""
    first, more = known.unserved[0], len(known.unserved) - 1
    kind = known.services[first.service].classes[first.k]
    which = "" if kind.input == EVERY and kind.output in (None, EVERY) else f" with {first.label}"
    reason = f"No GPU of the market serves the requests of {spec.services[first.service].name}{which}"
    if more:
        reason += f", nor {more} other size{'' if more == 1 else 's'}"
    reason += "."
    if first.reasons:
        reason += f" {first.reasons[0].gpu} comes nearest: {first.reasons[0].message.rstrip('.')}."
    able = [gpu.shown for gpu in could(spec, first)]
    if able:
        reason += f" {joined(able)} of the catalogue could."
    binding = tuple(dict.fromkeys(one.constraint for one in first.reasons)) or ("market",)
    needs = [{"constraint": one.constraint, "message": f"{one.gpu}: {one.message}"} for one in first.reasons]
    nearest = {"plan": {"label": first.reasons[0].gpu, "offers": []}, "needs": needs} if first.reasons else None
    return reason, binding, nearest


def could(spec: FleetSpec, unserved: Unserved) -> list[Gpu]:
    """GPUs of the catalogue with a price that serve the class, the cheapest first.

    Only those are asked that have more memory or bandwidth than any on the market.
    """
    there = [one.gpu for one in spec.offers]
    memory, speed = max(one.memory_bytes for one in there), max(one.memory_bytes_per_s for one in there)
    priced: list[tuple[float, Gpu]] = []
    for name in names("gpus"):
        gpu: Gpu = get("gpus", name)
        if gpu.memory_bytes > memory or gpu.memory_bytes_per_s > speed:
            with suppress(SpecError):
                priced.append((resolve([Asked(Offer(gpu=gpu), "")], hours=1)[0].usd_per_gpu_hour[0], gpu))
    able: list[Gpu] = []
    unable: list[Gpu] = []
    for _, gpu in sorted(priced, key=lambda one: (one[0], one[1].name)):
        if len(able) < NAMED and len(unable) < ASKED and not any(_no_better(gpu, one) for one in unable):
            (able if _serves(spec, unserved, gpu) else unable).append(gpu)
    return able


def _no_better(gpu: Gpu, other: Gpu) -> bool:
    return gpu.memory_bytes <= other.memory_bytes and gpu.memory_bytes_per_s <= other.memory_bytes_per_s


def _serves(spec: FleetSpec, unserved: Unserved, gpu: Gpu) -> bool:
    service = spec.services[unserved.service].model_copy(update={"zones": ()})
    asked = FleetSpec(services=(service,), market=(Offer(gpu=gpu),), calibration=spec.calibration, seed=spec.seed)
    return not any(one.k == unserved.k for one in supplies(asked).unserved)


def _short(
    short: Short, found: list[Relaxation], changes: list[Change], missed: Missed | None
) -> tuple[str, tuple[str, ...], Document | None]:
    """Every class can be served, but the limits leave too little of what serves it."""
    limits = [one for one in changes if one.constraint != "demand" and not one.constraint.startswith("slo/")]
    demand = next((one for one in found if one.sort == "demand"), None)
    reason = "No fleet of this market carries the load within the limits"
    if limits:
        reason += f": {'; or '.join(one.needs for one in limits[:NAMED])}"
    binding = tuple(dict.fromkeys(one.sort for one in found if one.sort != "demand")) or ("constraints",)
    if demand is None:
        return f"{reason}.{_missing(short)}", binding, None
    share, fleet = whole_share(demand.value), mix_words(short.called, short.programme, demand.mix)
    most = f"About {show(share, SHARE)}" if share else "Less than 1 %"
    reason += f". {most} of the demand can be carried, by {fleet}."
    needs = [{"constraint": one.constraint, "message": one.needs} for one in changes if one in limits or missed is None]
    return reason + trusting(missed), binding, {"plan": small_plan(short.spec, demand.mix), "needs": needs}


def _missing(short: Short) -> str:
    """Why not even a little of the demand is carried."""
    there = tuple(o for o, one in enumerate(short.programme.offers) if one.most > 0)
    missing = unserved_by(short.programme, short.called, there)
    if missing:
        return f" Nothing that can be had serves {joined(missing[:NAMED])}."
    free = replace(short.programme, limits=(), losses=(), head_room=0.0, budget_usd_per_hour=math.inf)
    if all(one.most >= MOST_UNITS for one in free.offers) and cheapest(free) is None:
        return f" It would take more than the {MOST_UNITS:,} units of an offer that are planned with."
    return ""


def _longer(spec: FleetSpec, known: Supplies, learned: Learned) -> Iterator[Change]:
    """Each latency alone, lengthened until there is a plan."""
    for service, one in enumerate(spec.services):
        for name, limit in one.slo.limits.items():
            factor = next((f for f in LONGER if _carried(with_limit(spec, service, name, f), known, learned)), None)
            if factor is not None:
                wanted, there = show(factor * limit, DURATION), show(limit, DURATION)
                message = f"A {LIMITS[name]} of {wanted} instead of {there} for {one.name}."
                needs = f"a {LIMITS[name]} of {wanted} would do, and {there} is asked for"
                edits = ((f"/services/{service}/slo/{name}", factor * limit),)
                yield Change(edits, message, needs, factor - 1.0, f"slo/{name}")


def _carried(spec: FleetSpec, known: Supplies, learned: Learned) -> bool:
    found, (factors, loads) = supplies(spec, known=known), learned
    if found.unserved:
        return False
    return (
        cheapest(_programme(spec, found, (factors_of(found, known, factors, range(len(known.ready))), loads)))
        is not None
    )
