"""Answer a serving spec: screen every plan, simulate the best, choose, explain."""

import math
from dataclasses import dataclass, replace

import numpy as np

from solvers.base import Estimate, Infeasible, Progress, Solved
from solvers.documents import Document
from solvers.optimise.pareto import front
from solvers.serving import words
from solvers.serving.calibration import data_of
from solvers.serving.candidate import Candidate
from solvers.serving.details import (
    Detail,
    bound_document,
    confirmed,
    curve_document,
    detail,
    detail_size,
    estimates,
    exactly,
    latency,
    money,
)
from solvers.serving.gap import gap
from solvers.serving.infeasible import infeasible
from solvers.serving.measured import Look, latency_estimates
from solvers.serving.plan import label, plan_document, small_plan, usd_per_hour
from solvers.serving.ranked import Found, Ranked
from solvers.serving.screen import Screened
from solvers.serving.sensitivity import sensitivity
from solvers.serving.spec import ServingSpec
from solvers.serving.study import Study, anything, study
from solvers.serving.techniques import verdicts
from solvers.serving.watched import breakdown_document, timeline_document, watch
from solvers.simulate.serving.engine import prepare

__all__ = ["prepare", "solve"]

ALTERNATIVES, FRONT, DOMINATED, SURVEYED = 9, 40, 120, 8


def solve(spec: ServingSpec, progress: Progress) -> Solved | Infeasible:
    """The best plan and everything beside it, or what stands in the way."""
    asked = study(spec)
    screened = asked.screened()
    count = screened.candidates
    progress(stage="screening plans", fraction=0.1, candidates=count, best=_first(screened, asked))

    def seen(done: int, total: int, best: Candidate | None) -> None:
        told = None if best is None else {"label": label(best), "gpus": best.gpus}
        progress(stage="simulating plans", fraction=0.1 + 0.4 * done / max(total, 1), candidates=count, best=told)

    search, found = asked.search(screened, seen)
    counted = _counted(screened, found, asked)
    chosen = confirmed(asked, found.ranked)
    if chosen is None:
        progress(stage="looking for what would help", fraction=0.6, candidates=count)
        return infeasible(asked, screened, Found((), (*found.ranked, *found.missed)), counted)
    best = {"label": label(chosen.candidate), "gpus": chosen.candidate.gpus}
    progress(stage="explaining", fraction=0.6, candidates=count, best=best)
    # What was ranked before it carries the traffic at a first look only.
    place = next(number for number, one in enumerate(found.ranked) if one is chosen)
    others = (*found.ranked[place + 1 :], *search.survey(found, anything, most=SURVEYED))
    # Plans between the first of the ranked and a later one that was chosen were not swept.
    return _solved(asked, chosen, others, counted, decided=place == 0 and not search.undecided)


def _first(screened: Screened, asked: Study) -> Document | None:
    """The best plan by the static model, which is known at once."""
    fits = [one for one in screened.scored if one.candidate.gpus <= asked.most_gpus]
    return {"label": label(fits[0].candidate), "gpus": fits[0].candidate.gpus} if fits else None


def _counted(screened: Screened, found: Found, asked: Study) -> Document:
    rejected = dict(sorted(screened.rejected.items()))
    missed = len({one.candidate for one in found.missed})
    if missed:
        rejected["miss the latencies when simulated"] = missed
    feasible = [one for one in screened.scored if one.candidate.gpus <= asked.most_gpus]
    return {
        "candidates": screened.candidates,
        "feasible": len(feasible),
        "rejected": rejected,
        "simulated_requests": asked.trials.simulated,
    }


@dataclass(frozen=True)
class _Shown:
    """A tried plan with its estimates."""

    ranked: Ranked
    estimates: dict[str, Estimate]


def _solved(asked: Study, chosen: Ranked, others: tuple[Ranked, ...], counted: Document, *, decided: bool) -> Solved:
    spec, candidate, size = asked.spec, chosen.candidate, detail_size(asked, chosen)
    detailed = detail(asked, candidate, size=size, guess=chosen.goodput_per_s)
    watched, outcome = watch(asked, candidate, size=size)
    told = estimates(asked, detailed, watched)
    hardware = bound_document(asked, detailed)
    again = sensitivity(asked, chosen)
    shown = [_shown(asked, one, detailed) for one in others]
    near, far = _fronts(asked, [_Shown(chosen, told), *shown])
    told_of = replace(chosen, edge=detailed.edge)
    return Solved(
        plan=plan_document(candidate, asked.shop),
        estimates=told,
        alternatives=[_alternative(asked, one, told_of) for one in shown[:ALTERNATIVES]],
        frontier=near,
        dominated=far,
        explanation={
            "headline": words.headline(spec, candidate, told),
            "binding": words.binding(asked, detailed, hardware, watched),
            "breakdown": breakdown_document(watched[-1], asked) if watched else [],
            "sensitivity": again,
            "options": verdicts(asked, chosen, again),
            "bound": hardware,
            "latency": latency(asked, detailed),
            "goodput_curve": curve_document(detailed, spec.slo.attainment),
            "timeline": [timeline_document(one, asked) for one in watched],
            "counts": {
                "requests": size * len(detailed.look.plain.seeds),
                "preemptions": int(outcome.preemptions.sum()),
                "prefix_hit_tokens": int(outcome.cached_tokens.sum()),
                "seeds": len(detailed.look.plain.seeds),
            },
            **words.measured(asked.shop.own),
        },
        search=counted
        | {
            "optimality_gap": gap(asked, chosen, goodput_per_s=detailed.goodput.value, decided=decided),
            "simulated_requests": asked.trials.simulated,
        },
        warnings=words.warnings(asked, candidate),
        data=data_of(spec.calibration),
    )


def _shown(asked: Study, one: Ranked, detailed: Detail) -> _Shown:
    """Estimates of a plan that was only looked at; its steps are as unsure as the plan's."""
    look = Look(one.trial, one.trial, one.trial)
    tokens = asked.spec.traffic.rate_per_s * asked.shape.outputs
    found = {
        **latency_estimates(look, asked.spec.slo),
        "output_tokens_per_s": exactly(tokens),
        "output_tokens_per_s_per_gpu": exactly(tokens / one.candidate.gpus),
        **money(asked, one.candidate, tokens),
    }
    if one.edge is not None:
        value = one.edge.rate_per_s
        goodput = Estimate(value, value / detailed.high, value / detailed.low)
        found |= {"goodput_per_s": goodput, "goodput_per_s_per_gpu": goodput.scaled(1.0 / one.candidate.gpus)}
    widened = {name: _widened(name, estimate, detailed) for name, estimate in found.items()}
    return _Shown(one, widened)


def _widened(name: str, estimate: Estimate, detailed: Detail) -> Estimate:
    if not name.endswith("_s") or name.startswith(("output", "goodput")):
        return estimate
    first = detailed.look.first if name.startswith("ttft") else (1.0, 1.0)
    low, high = (
        math.exp(math.hypot(math.log(steps), math.log(end)))
        for steps, end in ((1.0 / detailed.low, 1.0 / first[0]), (detailed.high, first[1]))
    )
    return Estimate(estimate.value, estimate.low / low, estimate.high * high)


def _document(found: dict[str, Estimate]) -> Document:
    return {name: {"value": e.value, "low": e.low, "high": e.high} for name, e in found.items()}


def _alternative(asked: Study, one: _Shown, chosen: Ranked) -> Document:
    return {
        "plan": plan_document(one.ranked.candidate, asked.shop),
        "estimates": _document(one.estimates),
        "why_not": words.why_not(one.ranked, chosen, asked.spec),
    }


def _fronts(asked: Study, shown: list[_Shown]) -> tuple[list[Document], list[Document]]:
    """Plans that no other beats in GPUs, time to first token and time of a token; and the others."""
    gpus = np.array([float(one.ranked.candidate.gpus) for one in shown])
    ttft = np.array([one.estimates["ttft_p90_s"].value for one in shown])
    tpot = np.array([one.estimates["tpot_p90_s"].value for one in shown])
    best = {0, *front(gpus, ttft, tpot).tolist()}
    points = [_point(asked, one) for one in shown]
    near = [point for place, point in enumerate(points) if place in best]
    return near[:FRONT], [point for place, point in enumerate(points) if place not in best][:DOMINATED]


def _point(asked: Study, one: _Shown) -> Document:
    candidate, found = one.ranked.candidate, one.estimates
    objectives = {name: found[name].value for name in ("ttft_p90_s", "tpot_p90_s")}
    price = usd_per_hour(candidate, asked.shop)
    if price is not None:
        objectives["cost_usd_per_hour"] = price
    objectives["goodput_per_s_per_gpu"] = one.ranked.goodput_per_s / candidate.gpus
    return {"objectives": objectives, "plan": small_plan(candidate), "estimates": _document(found)}
