"""Everything beside the plan: how sure it is, what else there is, what binds, what would change it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from solvers.base import Estimate, Progress, silent
from solvers.documents import Document
from solvers.errors import Problem
from solvers.fleet.asked import demand_per_s
from solvers.fleet.places import watts_of
from solvers.fleet.plan import configuration_names, label, small_plan
from solvers.fleet.programme.case import Floats, Mix, Programme
from solvers.fleet.programme.solve import relaxed
from solvers.fleet.why import options, words
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.bound import binding, worth_documents
from solvers.fleet.why.calibrated import calibrated
from solvers.fleet.why.called import aim
from solvers.fleet.why.changed import carbon_by_offer, cost_by_offer, emits, less
from solvers.fleet.why.entries import entry_documents
from solvers.fleet.why.frontier import frontier
from solvers.fleet.why.holds import held
from solvers.fleet.why.intervals import Drawn, drawn
from solvers.fleet.why.sensitivity import sensitivity
from solvers.fleet.why.single import Other, next_best, single_types
from solvers.units import SHARE, show

MILLION, HOUR_S = 1e6, 3600.0


@dataclass(frozen=True)
class Explained:
    """What the result has beside its plan; fields as in the contract."""

    estimates: Mapping[str, Estimate]
    alternatives: list[Document]
    frontier: list[Document]
    dominated: list[Document]
    explanation: Document
    warnings: tuple[Problem, ...]


def explained(answered: Answered, *, progress: Progress = silent) -> Explained:
    """The explanation of a proven plan."""
    spec, proof = answered.spec, answered.proof
    told = {"label": label(spec, proof.mix), "cost_usd_per_hour": proof.mix.cost_usd_per_hour}

    def at(stage: str, fraction: float) -> None:
        progress(stage=stage, fraction=fraction, candidates=proof.requests, best=told)

    at("asking again with one type alone", 0.65)
    singles = single_types(proof.programme, answered.called)
    best = best_single(singles)
    at("asking what binds", 0.7)
    holds = held(answered.programme, answered.mix, answered.called)
    entries = entry_documents(answered)
    at("asking again with one thing changed", 0.8)
    again = sensitivity(answered)
    found = options.Found(entries, best, again, options.used(answered))
    verdicts = options.verdicts(answered, found)
    at("asking how sure it is", 0.9)
    alone = answered.called.of_type(best.name) if best else ()
    draws = drawn(answered, alone)
    at("trading cost for head-room", 0.95)
    near, far = frontier(answered)
    return Explained(
        estimates=estimates(answered, draws, best),
        alternatives=alternatives(answered, singles),
        frontier=near,
        dominated=far,
        explanation={
            "headline": words.headline(answered, best),
            "binding": [
                *binding(
                    answered.programme, answered.mix, answered.called, holds, fractions=relaxed(answered.programme)
                ),
                *words.simulated(answered),
            ],
            "breakdown": breakdown(answered, proof.programme, proof.mix),
            "sensitivity": again,
            "options": verdicts,
            "single_types": [_single(answered, one) for one in singles],
            "entry_prices": entries,
            "worth": worth_documents(answered.programme, answered.called, holds),
            "proof": _proof(answered),
            "typical_hours": _typical(answered),
            "calibrated": calibrated(spec),
        },
        warnings=(*words.warnings(answered), *words.unsure(draws)),
    )


def best_single(singles: list[Other]) -> Other | None:
    """The type that alone carries the load for least."""
    able = [one for one in singles if one.mix is not None]
    return min(able, key=lambda one: one.mix.value if one.mix else np.inf) if able else None


def estimates(answered: Answered, draws: Drawn, best: Other | None) -> dict[str, Estimate]:
    """The numbers of the plan with their intervals."""
    spec, mix = answered.spec, answered.proof.mix
    sizes = np.array([one.gpus for one in answered.programme.offers], dtype=float)
    watts = np.array([watts_of(spec, one) or 0.0 for one in spec.offers])
    rate = float(sum(np.mean(demand_per_s(spec, place)) for place in range(len(spec.services))))
    cost = draws.estimate(mix.cost_usd_per_hour, lambda one: one.cost_usd_per_hour)
    found = {
        "cost_usd_per_hour": cost,
        "gpus": draws.estimate(_most(sizes, mix), lambda one: _most(sizes, one)),
        "attainment_share": _attainment(answered),
        "power_w": draws.estimate(_most(watts, mix), lambda one: _most(watts, one)),
    }
    if rate > 0:
        found["cost_usd_per_million_requests"] = cost.scaled(MILLION / (rate * HOUR_S))
    if best is not None and best.mix is not None and best.mix.value > 0:
        found["saving_share"] = draws.saving(less(best.mix.value, mix.value) / best.mix.value)
    if mix.carbon_g_per_hour is not None and emits(answered.programme):
        found["carbon_g_per_hour"] = draws.estimate(mix.carbon_g_per_hour, lambda one: one.carbon_g_per_hour or 0.0)
    return found


def _most(each: Floats, mix: Mix) -> float:
    """Of something of each unit [O], in the hour with the most of it."""
    return float((each @ mix.units).max())


def gpus(answered: Answered, mix: Mix) -> int:
    """GPUs in the hour with the most of them."""
    return int(_most(np.array([one.gpus for one in answered.programme.offers], dtype=float), mix))


def _attainment(answered: Answered) -> Estimate:
    """Of the service that is nearest its target."""
    worst = min(answered.proof.attained, key=lambda one: one.value - one.target)
    return Estimate(worst.value, worst.low, worst.high)


def breakdown(answered: Answered, programme: Programme, mix: Mix) -> list[Document]:
    """Dollars an hour by offer, dearest first, and on what term it is sold; grams too, where they are known of all."""
    called, clean = answered.called, emits(programme)
    cost, grams = cost_by_offer(programme, mix), carbon_by_offer(programme, mix)
    told = [
        {"term": called.offers[o], "value": cost[o], "sold": called.terms[o]}
        | ({"carbon_g_per_hour": grams[o]} if clean else {})
        for o, units in enumerate(mix.units)
        if units.max(initial=0) > 0
    ]
    return sorted(told, key=lambda one: (-one["value"], one["term"]))


def _single(answered: Answered, one: Other) -> Document:
    mix = one.mix
    return {
        "gpu": one.name,
        "cost_usd_per_hour": None if mix is None else mix.cost_usd_per_hour,
        **({} if mix is None else _grams(answered, mix)),
        "gpus": None if mix is None else gpus(answered, mix),
        "why_not": one.why_not or None,
        "breakdown": [] if mix is None else breakdown(answered, answered.proof.programme, mix),
    }


def _grams(answered: Answered, mix: Mix) -> dict[str, float]:
    """What a mix emits, where that is known of everything that can be bought."""
    grams = mix.carbon_g_per_hour if emits(answered.programme) else None
    return {} if grams is None else {"carbon_g_per_hour": grams}


def alternatives(answered: Answered, singles: list[Other]) -> list[Document]:
    """The best plan of each single type and the next best mixes, cheapest first, each plan once."""
    proof = answered.proof
    seen, found = {proof.mix.units.tobytes()}, []
    mixes = next_best(proof.programme, answered.called, proof.mix)
    for one, kind in [*((one, "single") for one in singles), *((one, "without") for one in mixes)]:
        if one.mix is not None and one.mix.units.tobytes() not in seen:
            seen.add(one.mix.units.tobytes())
            found.append((one.mix.value, _alternative(answered, one, one.mix, kind)))
    return [document for _, document in sorted(found, key=lambda pair: pair[0])]


def _alternative(answered: Answered, one: Other, mix: Mix, kind: str) -> Document:
    own, words = answered.proof.mix, aim(answered.programme)
    more = less(mix.value, own.value, gap=own.gap)
    dearer = (
        words.same.capitalize()
        if more == 0.0
        else f"{show(more / own.value, SHARE)} {words.more}"
        if own.value > 0
        else f"{words.more[:1].upper()}{words.more[1:]}"
    )
    why = f"{dearer}: {one.name} alone." if kind == "single" else f"{dearer}: the best without {one.name}."
    known = {"cost_usd_per_hour": mix.cost_usd_per_hour, "gpus": gpus(answered, mix), **_grams(answered, mix)}
    told = {name: {"value": value, "low": value, "high": value} for name, value in known.items()}
    return {"plan": small_plan(answered.spec, mix), "estimates": told, "why_not": why}


def _typical(answered: Answered) -> list[int] | None:
    """The hours that what binds, worth, entry prices, sensitivity and options are of; None where they are of all."""
    hours = answered.typical.hours
    return None if len(hours) == answered.proof.programme.hours else sorted(hours.tolist())


def _proof(answered: Answered) -> Document:
    proof = answered.proof
    first = proof.first
    names = configuration_names(answered.supplies, answered.spec.offers, answered.spec)
    used = np.flatnonzero(proof.mix.replicas.max(axis=1)).tolist()
    return {
        "rounds": proof.rounds,
        "tightening_seeds": list(proof.tightening_seeds),
        "judging_seeds": list(proof.judging_seeds),
        "requests": proof.requests,
        "factors": {names[c]: float(proof.planned_factors[c]) for c in used},
        "loads": {
            one.name: float(load.max(initial=1.0))
            for one, load in zip(answered.spec.services, proof.planned_loads, strict=True)
        },
        "unproven": {
            "cost_usd_per_hour": first.mix.cost_usd_per_hour,
            "attainment_share": {
                one.name: share for one, share in zip(answered.spec.services, first.attained, strict=True)
            },
        },
    }
