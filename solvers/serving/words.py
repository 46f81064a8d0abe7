"""The answer in sentences."""

import numpy as np

from solvers.base import Estimate
from solvers.cost.serving.lookup import TITLES, curves_of
from solvers.documents import Document
from solvers.errors import Problem
from solvers.serving.calibration import learned_from
from solvers.serving.candidate import Candidate
from solvers.serving.details import Detail
from solvers.serving.own.document import ServingOwn
from solvers.serving.own_points import Learned
from solvers.serving.plan import label
from solvers.serving.ranked import Ranked, longer
from solvers.serving.spec import ServingSpec
from solvers.serving.study import Study
from solvers.serving.trial import LEAST
from solvers.serving.watched import Watched
from solvers.units import SHARE, show, show_named

LIMITS = {"ttft": "time to first token", "tpot": "time per output token", "e2e": "time to last token"}
SHORT = {"ttft": "TTFT", "tpot": "TPOT", "e2e": "end to end"}
# A cache that is fuller than this on average preempts or makes requests wait.
FULL = 0.8
# Goodputs that are compared are found to a share of 6 % (see `search`): what is nearer than half of it is the same.
NOISE = 0.03
GROWS = "more work comes in than the replicas do: the queue only grows."
# From so many own points on, each is foretold from the others.
LEFT_OUT = 3


def gpu_word(spec: ServingSpec, count: int) -> str:
    """So many GPUs by their name."""
    gpu = spec.hardware.node.gpu
    name = gpu.title or ("GPUs of your own" if gpu.name == "own" else gpu.name)
    return f"{count:,} {name}"


def model_word(spec: ServingSpec) -> str:
    """The model by its name."""
    return spec.model.title or ("Your model" if spec.model.name == "own" else spec.model.name)


def rate_word(rate_per_s: float) -> str:
    """`6 requests/s`."""
    return show_named("rate_per_s", rate_per_s).replace(" /s", " requests/s")


def limits_words(spec: ServingSpec) -> str:
    """`TTFT 500 ms and TPOT 50 ms`."""
    return " and ".join(f"{SHORT[name]} {show_named('x_s', limit)}" for name, limit in spec.slo.limits.items())


def headline(spec: ServingSpec, candidate: Candidate, estimates: dict[str, Estimate]) -> str:
    """The plan as a person would say it."""
    rate = rate_word(spec.traffic.rate_per_s)
    kept = show(estimates["attainment_share"].value, SHARE)
    sentence = (
        f"{model_word(spec)} serves {rate} on {gpu_word(spec, candidate.gpus)} with {label(candidate)}:"
        f" {kept} of the requests keep to {limits_words(spec)}"
    )
    if "usd_per_million_tokens" in estimates:
        price = show_named("usd_per_million_tokens", estimates["usd_per_million_tokens"].value)
        hourly = show_named("cost_usd_per_hour", estimates["cost_usd_per_hour"].value)
        sentence += f", for {hourly} and {price} a million output tokens"
    return sentence + "."


def binding(study: Study, detail: Detail, bound: Document, watched: list[Watched]) -> list[str]:
    """What keeps the plan from carrying more: the latency that is missed first, and the resource behind it."""
    found = [*_first_missed(study, detail)]
    for one in watched:
        if one.kv_share >= FULL:
            share = show(one.kv_share, SHARE)
            found.append(f"Memory: the KV cache of a {_replica(one)} is {share} full on average.")
    word = {"compute": "arithmetic", "memory": "memory bandwidth", "network": "the network"}[bound["binding"]]
    gap = show(bound["gap"], SHARE)
    found.append(f"What the hardware could do at most is set by {word}; the plan at its goodput is {gap} below it.")
    return found


def _replica(watched: Watched) -> str:
    return "replica" if watched.group.role == "both" else f"{watched.group.role} replica"


def _first_missed(study: Study, detail: Detail) -> list[str]:
    """The latency that most requests miss at the lowest rate that fails."""
    above, slo = detail.edge.above_per_s, study.spec.slo
    if above is None:
        return [f"Beyond {rate_word(detail.edge.rate_per_s)} {GROWS}"]
    rate = rate_word(above)
    trial = study.trials.trial(detail.candidate, above, size=detail.size, seeds=len(detail.look.plain.seeds))
    if trial.saturated:
        return [f"Beyond {rate} {GROWS}"]
    missed = {
        name: float(np.mean([np.mean(getattr(one, f"{name}_s") > limit) for one in trial.seeds]))
        for name, limit in slo.limits.items()
    }
    worst = max(missed, key=lambda name: missed[name])
    share = show(missed[worst], SHARE)
    good = rate_word(detail.edge.rate_per_s)
    return [f"Latency: beyond {good} the {LIMITS[worst]} is missed first ({share} of the requests at {rate})."]


def why_not(other: Ranked, chosen: Ranked, spec: ServingSpec) -> str:
    """Why an alternative is not the plan."""
    more = other.candidate.gpus - chosen.candidate.gpus
    if spec.objective == "cost" and more > 0:
        share = show(other.candidate.gpus / chosen.candidate.gpus - 1.0, SHARE)
        return f"{more} more GPU{'' if more == 1 else 's'} ({share} dearer)."
    if other.share < spec.slo.attainment:
        if other.trial.saturated:
            return f"{other.candidate.gpus} GPUs, and more work comes in than they do."
        return f"{show(other.share, SHARE)} of the requests keep to {limits_words(spec)}."
    return f"{longer(chosen, other, spec)}." if spec.objective == "latency" else _less(other, chosen)


def _less(other: Ranked, chosen: Ranked) -> str:
    """How an alternative's goodput compares."""
    if other.edge is None or chosen.edge is None:
        return "As many GPUs; its goodput was not looked for further."
    change = other.goodput_per_s / other.candidate.gpus / (chosen.goodput_per_s / chosen.candidate.gpus) - 1.0
    if abs(change) < NOISE:
        return "As good within the noise of the simulation."
    return f"{show(abs(change), SHARE)} {'more' if change > 0 else 'less'} goodput of each GPU."


def warnings(study: Study, candidate: Candidate) -> tuple[Problem, ...]:
    """What is unusual about the question, and what the answer does not rest on."""
    found = [*_unseen(study, candidate), *_repeated(study.spec)]
    if study.refused > 0:
        share = show(study.refused, SHARE)
        message = f"{share} of the requests are longer than {study.longest:,} tokens; they are refused and left out."
        found.append(Problem("beyond_context", message, "/traffic", "Give another model, or a longer max_model_len."))
    return tuple(found)


def _unseen(study: Study, candidate: Candidate) -> list[Problem]:
    """An engine on a GPU of which nothing was measured: neither kernels nor, where they teach, closed loops."""
    spec = study.spec
    if study.shop.own or isinstance(spec.calibration, ServingOwn):
        return []
    job = study.shop.job(candidate.groups[0].setup)
    curves, gpu, engine = curves_of(job), spec.hardware.node.gpu, TITLES[spec.engine.name]
    hint = "Measure one replica under a few numbers of clients and give `measurements`: three points say most."
    if curves.lent:
        message = f"No kernels of {gpu.shown} were measured; steps take the {curves.said}. Intervals are wider for it."
        return [Problem("lent_curves", message, "/hardware/node", hint)]
    if spec.calibration == "published" and not learned_from(spec.engine.name, gpu.name):
        message = (
            f"No published measurement of {engine} on {gpu.shown} was learned from; intervals are those of others."
        )
        return [Problem("not_measured", message, "/engine", hint)]
    return []


def _repeated(spec: ServingSpec) -> list[Problem]:
    """A trace of so few requests that a simulation takes it several times."""
    if spec.traffic.trace is None or (size := spec.traffic.rows().size) >= LEAST:
        return []
    message = f"The trace has {size:,} requests; it is repeated to the {LEAST:,} and more that a load is judged by."
    return [Problem("short_trace", message, "/traffic/trace", "Give a longer one, better of a thousand requests.")]


def measured(own: Learned | None) -> Document:
    """What a plan's own points said of the model, before they were taken in and with each left out."""
    if own is None:
        return {}
    off, each = np.exp(own.off.mean()), np.exp(np.abs(own.off).mean()) - 1.0
    count = len(own.off)
    told = f"{count} point{'' if count == 1 else 's'} used; without them the model was {_off(off)} on average"
    found = {"points": count, "measured_over_predicted": float(off), "mean_error": float(each)}
    if count >= LEFT_OUT:
        left = float(np.exp(np.abs(own.left_out).mean()) - 1.0)
        told += f"; with each left out in turn, it is {show(left, SHARE)} off on that one"
        found["left_out_error"] = left
    return {"own_points": found | {"said": f"{told}."}}


def _off(ratio: float) -> str:
    """How far, and to which side."""
    if abs(ratio - 1.0) < 0.005:
        return "right"
    return f"{show(abs(1.0 / ratio - 1.0), SHARE)} too {'fast' if ratio > 1.0 else 'slow'}"
