"""The answer in a sentence, and what it does not rest on."""

from collections.abc import Iterator

import numpy as np

from solvers.cost.serving.lookup import TITLES, curves_of
from solvers.errors import Problem
from solvers.fleet.calibrated import own_of
from solvers.fleet.supply.case import Ready
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.called import aim, joined, mix_words, money
from solvers.fleet.why.changed import less
from solvers.fleet.why.intervals import Drawn
from solvers.fleet.why.own import own_capacities
from solvers.fleet.why.single import Other
from solvers.serving.calibration import learned_from
from solvers.units import PRICE, SHARE, show

MEASURE = "Measure one replica under a few numbers of clients: a few requests a second of it in `capacities` say most."


def headline(answered: Answered, best: Other | None) -> str:
    """The plan as a person would say it; `best` is the best plan of one GPU type alone."""
    programme, mix, called = answered.proof.programme, answered.proof.mix, answered.called
    varies = bool((mix.units != mix.units[:, :1]).any())
    fleet = mix_words(called, programme, mix)
    clean = programme.objective == "carbon"
    told = f"{'at' if clean else 'for'} {money(programme, mix.value)}{' in the mean over the hours' if varies else ''}"
    sentence = f"{'Up to ' if varies else ''}{fleet} {_verb(fleet)} {joined(list(called.services))} {told}"
    price = f"; it costs {show(mix.cost_usd_per_hour, PRICE)}" if clean else ""
    return f"{sentence}{_saving(answered, best)}{price}."


def _verb(fleet: str) -> str:
    return "carries" if fleet.startswith("1 ") and " and " not in fleet else "carry"


def _saving(answered: Answered, best: Other | None) -> str:
    programme, mix = answered.proof.programme, answered.proof.mix
    if best is None or best.mix is None:
        return "; no single GPU type could" if len(answered.called.types) > 1 else ""
    if best.mix.value <= mix.value * (1.0 + 1e-6):
        return "" if len(answered.called.types) == 1 else f"; no mix of types {aim(programme).takes}s less"
    share = show(1.0 - mix.value / best.mix.value, SHARE)
    return f", {share} below the best single type ({best.name}, {money(programme, best.mix.value)})"


def simulated(answered: Answered) -> list[str]:
    """What simulation asked for beyond the static model, in money."""
    first, mix = answered.proof.first, answered.proof.mix
    more = less(mix.cost_usd_per_hour, first.mix.cost_usd_per_hour)
    missed = [
        f"{show(share, SHARE)} of the requests of {one.name} would be good"
        for one, share in zip(answered.spec.services, first.attained, strict=True)
        if share < one.slo.attainment
    ]
    if more == 0.0 or not missed:
        return []
    price = show(first.mix.cost_usd_per_hour, PRICE)
    told = f"the static model alone would take a fleet of {price}, with which {joined(missed)}"
    return [f"Latencies: {told} when simulated."]


def unsure(draws: Drawn) -> Iterator[Problem]:
    """Draws of the calibration with which the market has no fleet."""
    if draws.lost:
        count = f"{draws.lost} of {len(draws.mixes)}"
        message = (
            f"With {count} draws of what calibration leaves open no fleet carries the load; intervals leave them out."
        )
        yield Problem("no_fleet_in_some_draws", message, "/constraints", "Leave more room, or measure capacities.")


def warnings(answered: Answered) -> tuple[Problem, ...]:
    """What is unusual about the question, and what the answer does not rest on."""
    found = (_spot, _prices, _tables, own_capacities, _refused, _late, _carbon, _unseen)
    return tuple(problem for one in found for problem in one(answered))


def _bought(answered: Answered) -> list[int]:
    return [o for o, units in enumerate(answered.proof.mix.units) if units.max(initial=0) > 0]


def running(answered: Answered) -> list[Ready]:
    """The configurations that have a replica in some hour."""
    return [
        answered.supplies.ready[c] for c in np.flatnonzero(answered.proof.mix.replicas.max(axis=1, initial=0)).tolist()
    ]


def _spot(answered: Answered) -> Iterator[Problem]:
    offers = answered.spec.offers
    for o in _bought(answered):
        one = offers[o]
        if one.term == "spot":
            message = (
                f"{one.name} is spot: the plan takes it to be taken away {one.interruptions_per_hour:g} times an hour"
                " and GPU, independently of one another; when many go at once, the load is not carried."
            )
            hint = "Give the interruptions_per_hour and the recovery that you see."
            yield Problem("spot_assumed", message, one.at, hint)


def _prices(answered: Answered) -> Iterator[Problem]:
    dated = [
        one
        for o, one in enumerate(answered.spec.offers)
        if o in _bought(answered) and one.price_from.startswith("the catalogue")
    ]
    if dated:
        names = joined([f"{one.name} ({one.price_from.removeprefix('the catalogue: ')})" for one in dated])
        message = f"Prices of the catalogue are list prices of their day: {names}."
        yield Problem("catalogue_prices", message, "/market", "Give your own `price` where you pay another.")


def _tables(answered: Answered) -> Iterator[Problem]:
    told = sorted({one.service for one in running(answered) if one.setup is None})
    for service in told:
        name = answered.spec.services[service].name
        message = (
            f"{name} is known by its table of capacities alone: its replicas were simulated as queues, without an"
            " engine, and its interval holds no doubt of the measurements."
        )
        yield Problem("table_only", message, f"/services/{service}/capacities", "Give the model too.")


def _refused(answered: Answered) -> Iterator[Problem]:
    for service, carried in enumerate(answered.supplies.services):
        if carried.refused > 0:
            share, name = show(carried.refused, SHARE), answered.spec.services[service].name
            many = f"{share} of the requests of {name} are longer than {carried.longest:,} tokens"
            message = f"{many}; they are refused and left out."
            yield Problem("beyond_context", message, f"/services/{service}/traffic", "Give another model.")


def _late(answered: Answered) -> Iterator[Problem]:
    """Classes that miss their latencies on every GPU, and are few enough for the others to make up for it."""
    for service, carried in enumerate(answered.supplies.services):
        for k in carried.split.late:
            share, name = show(float(carried.shares[k]), SHARE), answered.spec.services[service].name
            label = carried.classes[k].label
            message = f"No GPU of the market answers {label} of {name} in time; they are {share} of it and served late."
            hint = "Give them a service with latencies of its own."
            yield Problem("served_late", message, f"/services/{service}/slo", hint)


def _carbon(answered: Answered) -> Iterator[Problem]:
    if answered.proof.mix.carbon_g_per_hour:
        message = "Carbon and power are those of nodes at their rated watts, busy or not."
        yield Problem("nameplate", message, "/sites", "Take the grams as a bound, and their order as the finding.")


def _unseen(answered: Answered) -> Iterator[Problem]:
    """An engine on a GPU of which nothing was measured: neither kernels nor, where they teach, closed loops.

    Of a GPU with an own calibration something was.
    """
    seen: set[tuple[str, str]] = set()
    for one in running(answered):
        own = own_of(answered.spec.calibration, one.gpu) is not None
        if one.study is None or one.setup is None or one.measured or own:
            continue
        engine = answered.spec.services[one.service].engine.name
        if (engine, one.gpu.name) in seen:
            continue
        seen.add((engine, one.gpu.name))
        curves, at = curves_of(one.study.shop.job(one.setup)), answered.spec.offers[one.offer].at
        if curves.lent:
            message = f"No kernels of {one.gpu.shown} were measured; steps take the {curves.said}."
            yield Problem("lent_curves", message, at, MEASURE)
        elif answered.spec.calibration != "prior" and not learned_from(engine, one.gpu.name):
            message = f"No published measurement of {TITLES[engine]} on {one.gpu.shown} was learned from."
            yield Problem("not_measured", message, at, MEASURE)
