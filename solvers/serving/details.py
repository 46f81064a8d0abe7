"""What is worked out for the chosen plan alone: its goodput curve, its latencies with intervals, its bound."""

import math
from dataclasses import dataclass

import numpy as np

from solvers.base import Estimate
from solvers.cost.serving.bound import Bound, bound_of
from solvers.cost.serving.steps import decode_steps, mixed_steps
from solvers.documents import Document
from solvers.serving.attainment import pooled
from solvers.serving.candidate import Candidate
from solvers.serving.doubt import LEVEL, factors
from solvers.serving.first_token import factors as first_factors
from solvers.serving.first_token import pace_s, waits_of
from solvers.serving.goodput import Edge, edge, interval, spread
from solvers.serving.measured import Look, half_width, latency_document, latency_estimates
from solvers.serving.plan import usd_per_hour
from solvers.serving.ranked import Ranked
from solvers.serving.setup import Group
from solvers.serving.study import Study
from solvers.serving.trial import Trial, share, size_for
from solvers.serving.watched import Watched, power_w

SEEDS, ENDS = 4, 2
CLOSE, LOOSE = 0.02, 0.08
# Rates beside the edge that the curve shows, over the edge.
BESIDE = (0.6, 0.85, 1.15)
MILLION, HOUR = 1e6, 3600.0


@dataclass(frozen=True)
class Detail:
    """The plan's trials and its goodput. `low` and `high` are the ends of a step's seconds over their value.

    Those of a time to first token are `look.first`. `better` and `worse` are the plan's edges at either end of both.
    """

    candidate: Candidate
    look: Look
    edge: Edge
    better: tuple[Edge, ...]
    worse: tuple[Edge, ...]
    goodput: Estimate
    low: float
    high: float
    size: int


def detail_size(study: Study, ranked: Ranked) -> int:
    """Requests of a seed with which everything about one plan is told."""
    rate = study.spec.traffic.rate_per_s
    return size_for(1.2 * max(ranked.goodput_per_s, rate), ranked.residence_s, study.spec.slo)


def confirmed(study: Study, ranked: tuple[Ranked, ...]) -> Ranked | None:
    """The first plan that carries the traffic on the requests that the answer tells of too: more, and fresh ones."""
    rate, target = study.spec.traffic.rate_per_s, study.spec.slo.attainment
    for one in ranked:
        trial = study.trials.trial(one.candidate, rate, size=detail_size(study, one), seeds=SEEDS)
        if share(trial, study.spec) >= target:
            return one
    return None


def detail(study: Study, candidate: Candidate, *, size: int, guess: float) -> Detail:
    """Everything about one plan."""
    low, high = ends(study, candidate)
    trials, rate, slo = study.trials, study.spec.traffic.rate_per_s, study.spec.slo
    plain = trials.trial(candidate, rate, size=size, seeds=SEEDS)
    look = Look(
        plain=plain,
        faster=trials.trial(candidate, rate, size=size, seeds=ENDS, slower=low),
        slower=trials.trial(candidate, rate, size=size, seeds=ENDS, slower=high),
        first=first_ends(study, candidate, plain),
    )
    holds = float(np.mean(look.plain.shares(slo))) >= slo.attainment
    found = _edge(study, candidate, size=size, guess=guess, seeds=SEEDS, close=CLOSE, least=rate if holds else None)
    at = found.rate_per_s or guess
    better, worse = _ends_of_edge(study, candidate, look, size=size, guess=at, steps=(low, high))
    lower, higher = (tuple(one.rate_per_s for one in end) for end in (worse, better))
    ends_ = interval(at, seeds=spread(found.by_seed(slo.attainment)), lower=lower, higher=higher)
    for factor in BESIDE:
        _point(study, candidate, found, at * factor, size=size)
    return Detail(candidate, look, found, better, worse, Estimate(found.rate_per_s, *ends_), low, high, size)


def _ends_of_edge(
    study: Study, candidate: Candidate, look: Look, *, size: int, guess: float, steps: tuple[float, float]
) -> tuple[tuple[Edge, Edge], tuple[Edge, Edge]]:
    """The edges at the better ends of steps and of times to first token, and at the worse ends."""
    rate, slo = study.spec.traffic.rate_per_s, study.spec.slo
    fast, slow = (
        _edge(study, candidate, size=size, guess=guess / end, seeds=ENDS, close=LOOSE, slower=end) for end in steps
    )
    for edge_, trial in ((fast, look.faster), (slow, look.slower)):
        edge_.points[rate] = trial.shares(slo)
    soon, late = (
        _edge(study, candidate, size=size, guess=guess, seeds=ENDS, close=LOOSE, later=end) for end in look.first
    )
    return (fast, soon), (slow, late)


def ends(study: Study, candidate: Candidate) -> tuple[float, float]:
    """The ends of the interval of a step's seconds: of the pool that is least sure."""
    found = [_ends(study, group) for group in candidate.groups]
    return min(low for low, _ in found), max(high for _, high in found)


def first_ends(study: Study, candidate: Candidate, trial: Trial) -> tuple[float, float]:
    """The ends of the interval of a time to first token, over its mean in a trial."""
    shop, apart, setup = study.shop, candidate.disaggregated, candidate.groups[-1].setup
    requests = pooled(trial.seeds)
    pace = pace_s(requests.tpot_s, requests.outputs, tokens_a_step=shop.tokens_a_step(setup))
    drawn = [
        waits_of(one, engine=study.spec.engine.name, layers=study.spec.model.layers, apart=apart)
        for one in shop.drawn_waiting
    ]
    mean, deviation = shop.first_effect(setup, apart=apart)
    return first_factors(
        float(requests.ttft_s.mean()), float(shop.waits(apart=apart).of(study.shape.inputs, pace)),
        [float(one.of(study.shape.inputs, pace)) for one in drawn], mean=mean, deviation=deviation, level=LEVEL,
    )  # fmt: skip


def _ends(study: Study, group: Group) -> tuple[float, float]:
    job, shape = study.shop.job(group.setup), study.shape
    some = np.array([max(1.0, 0.25 * min(group.setup.max_num_seqs, 128))])
    context = np.array([shape.context])
    if group.role == "prefill":
        new = min(shape.fresh, float(group.setup.max_num_batched_tokens))
        steps = mixed_steps(np.zeros(1), np.zeros(1), chunks=np.ones(1), new=new, before=0.0, job=job)
    else:
        steps = decode_steps(some, context, job=job)
    offsets = study.shop.offsets(group.setup, apart=group.role != "both")
    return factors(steps, job, study.shop.draws, center=study.shop.coefficients, offsets=offsets)


def _edge(
    study: Study, candidate: Candidate, *, size: int, guess: float, seeds: int, close: float, slower: float = 1.0,
    later: float = 1.0, least: float | None = None,
) -> Edge:  # fmt: skip
    """Where attainment ends; `least` is a rate that is known to hold."""
    slo = study.spec.slo
    most = study.ceilings.of(candidate, slo, slower=slower)

    def shares(rate: float) -> tuple[float, ...]:
        trial = study.trials.trial(candidate, rate, size=size, seeds=seeds, slower=slower)
        return trial.later(later).shares(slo)

    floor = guess / 64.0 if least is None else least
    return edge(shares, target=slo.attainment, guess=guess, floor=floor, ceiling=max(most, floor), close=close)


def _point(study: Study, candidate: Candidate, found: Edge, rate: float, *, size: int) -> None:
    """One more point of the curve; beyond the ceiling the queue only grows, whatever a short look would say."""
    rate = float(f"{rate:.4g}")
    if rate > study.ceilings.of(candidate, study.spec.slo):
        found.points.setdefault(rate, (0.0,) * SEEDS)
    elif rate not in found.points:
        trial = study.trials.trial(candidate, rate, size=size, seeds=SEEDS)
        found.points[rate] = trial.shares(study.spec.slo)


def curve_document(detail: Detail, target: float) -> Document:
    """Attainment at each rate that was tried, with the seeds' band, and the goodput with its interval.

    `better` and `worse` are curves (rate, attainment) at the ends of what the calibration allows: with the steps alone
    and with the times to first token alone.
    """
    points = []
    for rate in sorted(detail.edge.points):
        shares = detail.edge.points[rate]
        mean, half = float(np.mean(shares)), half_width(shares)
        points.append(
            {"rate_per_s": rate, "attainment": mean, "low": max(mean - half, 0.0), "high": min(mean + half, 1.0)}
        )
    saturated = [one["rate_per_s"] for one in points if one["attainment"] == 0.0]
    return {
        "points": points,
        "target": target,
        "goodput_per_s": detail.goodput.value,
        "low": detail.goodput.low,
        "high": detail.goodput.high,
        "saturated_per_s": min(saturated) if saturated else None,
        "better": [_pairs(edge) for edge in detail.better],
        "worse": [_pairs(edge) for edge in detail.worse],
    }


def _pairs(edge: Edge) -> list[list[float]]:
    return [[rate, float(np.mean(edge.points[rate]))] for rate in sorted(edge.points)]


def estimates(study: Study, detail: Detail, watched: list[Watched]) -> dict[str, Estimate]:
    """Every estimate of the chosen plan."""
    spec, candidate = study.spec, detail.candidate
    rate, gpus = spec.traffic.rate_per_s, candidate.gpus
    tokens = rate * study.shape.outputs
    found = {
        "goodput_per_s": detail.goodput,
        "goodput_per_s_per_gpu": detail.goodput.scaled(1.0 / gpus),
        **latency_estimates(detail.look, spec.slo),
        "output_tokens_per_s": exactly(tokens),
        "output_tokens_per_s_per_gpu": exactly(tokens / gpus),
        **money(study, candidate, tokens),
    }
    if watched:
        fullest = max(one.kv_share for one in watched)
        found["kv_share"] = Estimate(fullest, fullest * min(detail.low, 1.0), min(fullest * detail.high, 1.0))
    power = power_w(watched, study)
    if power is not None and watched:
        found["energy_j_per_token"] = Estimate(
            power / tokens, power / tokens * detail.low, power / tokens * detail.high
        )
    return found


def money(study: Study, candidate: Candidate, tokens_per_s: float) -> dict[str, Estimate]:
    """Dollars an hour and for a million output tokens, where a price is known."""
    price = usd_per_hour(candidate, study.shop)
    if price is None:
        return {}
    each = price / HOUR / tokens_per_s * MILLION
    return {"cost_usd_per_hour": exactly(price), "usd_per_million_tokens": exactly(each)}


def exactly(value: float) -> Estimate:
    """A quantity that the traffic and the price fix."""
    return Estimate(value, value, value)


def bound(study: Study, group: Group) -> Bound:
    """The most that one GPU of a group can give, whatever the engine."""
    job, shape = study.shop.job(group.setup), study.shape
    return bound_of(job, study.shop.memory(group.setup), input_tokens=shape.fresh, output_tokens=shape.outputs)


def bound_document(study: Study, detail: Detail) -> Document:
    """The bounds in output tokens a second of each GPU, what the plan reaches at its goodput, and the gap."""
    told = bound(study, detail.candidate.groups[-1])
    reached = detail.goodput.value * study.shape.outputs / detail.candidate.gpus
    values = {
        "compute_tokens_per_s_per_gpu": told.compute_tokens_per_s_per_gpu,
        "memory_tokens_per_s_per_gpu": told.memory_tokens_per_s_per_gpu,
        "network_tokens_per_s_per_gpu": told.network_tokens_per_s_per_gpu,
    }
    least = min(values.values())
    return {
        **{name: value if math.isfinite(value) else None for name, value in values.items()},
        "reached": reached,
        "gap": max(1.0 - reached / least, 0.0),
        "binding": told.binding,
    }


def latency(study: Study, detail: Detail) -> Document:
    """The latencies' distributions at the traffic's rate."""
    return dict(latency_document(detail.look, study.spec.slo))
