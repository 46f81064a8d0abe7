"""When nothing carries the traffic: what binds, the nearest plan, and the smallest change that helps (solved again)."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from solvers.base import Infeasible
from solvers.catalogue.equal_nodes import MOST_GPUS
from solvers.cost.serving.job import WEIGHT_BYTES
from solvers.documents import Document
from solvers.serving.attainment import pooled
from solvers.serving.calibration import data_of
from solvers.serving.candidate import Candidate
from solvers.serving.plan import label, plan_document
from solvers.serving.ranked import Found, Ranked
from solvers.serving.rated import replicas_of
from solvers.serving.screen import MISS, Screened
from solvers.serving.setup import Group, Setup, Shop
from solvers.serving.space import layouts, numerics, token_limits
from solvers.serving.spec import ServingSpec
from solvers.serving.static import step_s
from solvers.serving.study import Study, study, with_limit, with_rate
from solvers.serving.trial import share
from solvers.serving.words import LIMITS, gpu_word, model_word, rate_word
from solvers.units import SHARE, SIZE, show, show_named

MOST_DOUBLINGS = 4
# A load at which requests hardly meet, over what comes or is carried; requests of a look at it.
QUIET, LOOKED = 0.02, 400
Try = tuple[str, object, str, ServingSpec]


def infeasible(asked: Study, screened: Screened, found: Found, counted: Document) -> Infeasible:
    """The answer that there is no plan."""
    nearest: Document | None
    if found.missed:
        reason, binding, nearest = _too_much(asked, found)
    elif screened.scored:
        reason, binding, nearest = _too_few(asked, screened)
    elif any(name.startswith(MISS.split(maxsplit=1)[0]) for name in screened.rejected):
        reason, binding, nearest = _too_strict(asked)
    else:
        reason, binding, nearest = _too_big(asked)
    return Infeasible(
        reason, binding, nearest, smallest_change(asked.spec, binding), counted, data=data_of(asked.spec.calibration)
    )


def _needs(constraint: str, message: str) -> Document:
    return {"constraint": constraint, "message": message}


def _too_much(asked: Study, found: Found) -> tuple[str, tuple[str, ...], Document]:
    """Plans fit and answer in time, but not so many requests."""
    spec = asked.spec
    best = max(found.missed, key=lambda one: (one.share, one.capacity_per_s))
    if (late := _late(asked, best.candidate, best.capacity_per_s)) is not None:
        return late
    rate, good, least = rate_word(spec.traffic.rate_per_s), show(best.share, SHARE), show(spec.slo.attainment, SHARE)
    kept = (
        "more work comes in than they do" if best.trial.saturated else f"{good} of the requests keep to the latencies"
    )
    gpus, name = gpu_word(spec, asked.most_gpus), label(best.candidate)
    reason = f"{gpus} do not carry {rate}: with the best of them ({name}) {kept}."
    need = _needs("traffic", f"keeps {good} of the requests within the latencies; asked for {least}")
    return reason, (_short(asked, "traffic"),), {"plan": plan_document(best.candidate, asked.shop), "needs": [need]}


def _short(asked: Study, otherwise: str) -> str:
    """What keeps a plan from having more GPUs: the budget where it allows fewer than there are."""
    return "budget" if asked.most_gpus < asked.spec.gpus else otherwise


def _late(asked: Study, candidate: Candidate, capacity_per_s: float) -> tuple[str, tuple[str, ...], Document] | None:
    """A latency that the best of the plans misses however few requests come."""
    spec = asked.spec
    rate = min(spec.traffic.rate_per_s, capacity_per_s) * QUIET
    trial = asked.trials.trial(candidate, rate, size=LOOKED, seeds=1)
    if share(trial, spec) >= spec.slo.attainment:
        return None
    found = pooled(trial.seeds)
    seconds = {name: float(np.quantile(getattr(found, f"{name}_s"), spec.slo.attainment)) for name in spec.slo.limits}
    name = max(seconds, key=lambda one: seconds[one] / spec.slo.limits[one])
    told, limit = show_named("x_s", seconds[name]), show_named("x_s", spec.slo.limits[name])
    kept = show(spec.slo.attainment, SHARE)
    reason = (
        f"A {LIMITS[name]} of {limit} is out of reach, however few requests come: with the best of the plans"
        f" ({label(candidate)}) {kept} of them take up to {told}."
    )
    need = _needs(name, f"takes up to {told} for {kept} of the requests; asked for {limit}")
    return reason, (f"slo/{name}",), {"plan": plan_document(candidate, asked.shop), "needs": [need]}


def _too_few(asked: Study, screened: Screened) -> tuple[str, tuple[str, ...], Document]:
    """Even by the static model every plan needs more GPUs than there are, or could not do the work if it had them."""
    spec = asked.spec
    rate = rate_word(spec.traffic.rate_per_s)
    if held := [one for one in screened.scored if one.candidate.gpus <= asked.most_gpus]:
        best = max(held, key=lambda one: one.capacity_per_s)
        if (late := _late(asked, best.candidate, best.capacity_per_s)) is not None:
            return late
        most = rate_word(asked.ceilings.of(best.candidate, spec.slo))
        reason = (
            f"{gpu_word(spec, asked.most_gpus)} do not carry {rate}: {label(best.candidate)} could do {most} at most."
        )
        need = _needs("traffic", f"could do {most} at most; asked for {rate}")
        return reason, (_short(asked, "traffic"),), {"plan": plan_document(best.candidate, asked.shop), "needs": [need]}
    best = min(screened.scored, key=lambda one: (one.candidate.gpus, one.needed_gpus))
    needed, allowed = f"{best.candidate.gpus:,} GPUs", f"{asked.most_gpus:,} may be used"
    reason = f"{rate} need about {needed} ({label(best.candidate)}); {allowed}."
    need = _needs("gpus", f"needs {needed}; {allowed}")
    return reason, (_short(asked, "gpus"),), {"plan": plan_document(best.candidate, asked.shop), "needs": [need]}


def zero_load(asked: Study) -> dict[str, tuple[float, Setup]]:
    """The least of each latency that any setup reaches with one request at a time, and the setup."""
    spec, shop, shape = asked.spec, asked.shop, asked.shape
    found: dict[str, tuple[float, Setup]] = {}
    for setup in _every(spec, longest=shape.longest):
        if not shop.memory(setup).fits:
            continue
        replica, one = replicas_of([setup], shop), np.ones(1)
        token = float(step_s(replica, one, shape.context, chunk=0.0, pairs=0.0, before=0.0)[0]) / replica.gained
        chunk = min(shape.fresh, float(setup.max_num_batched_tokens))
        steps = math.ceil(shape.fresh / chunk)
        each = step_s(replica, np.zeros(1), 0.0, chunk=chunk, pairs=0.0, before=shape.inputs / 2.0)
        first = steps * (float(each[0]) + replica.cost.pair * shape.pairs / shape.fresh * chunk)
        first += float(shop.waits(apart=False).of(shape.inputs, token * replica.gained))
        told = {"ttft": first, "tpot": token, "e2e": first + token * max(shape.outputs - 1.0, 0.0)}
        for name, seconds in told.items():
            if name not in found or seconds < found[name][0]:
                found[name] = (seconds, setup)
    return found


def _every(spec: ServingSpec, *, longest: int) -> Iterator[Setup]:
    """Each layout with its widest settings, whether it fits or not."""
    fix = spec.options.fix
    steps = token_limits(spec, longest=longest)[-1:]
    tp, pp = fix.tp or fix.decode_tp, fix.pp or fix.decode_pp
    drafts = [False] if spec.speculation is None or spec.options.forbids("speculative") else [False, True]
    for layout in layouts(spec, tp=tp, pp=pp):
        for numbers in numerics(spec):
            for (tokens, chunked), draft in product(steps, drafts):
                yield Setup(layout, numbers, 16, tokens, chunked, speculative=draft)


def physical_s(asked: Study, name: str) -> float:
    """The least time that the hardware's peak rates allow, on all GPUs of the largest replica at once.

    A token reads the active weights once; a prompt multiplies through them, at two operations a parameter.
    """
    spec = asked.spec
    gpu, model = spec.hardware.node.gpu, spec.model
    gpus = max((layout.gpus for layout in layouts(spec, tp=None, pp=None)), default=1)
    weights = numerics(spec)[-1].weights
    token = model.active_parameters * WEIGHT_BYTES[weights] / (gpu.memory_bytes_per_s * gpus)
    peak = gpu.peak("fp8" if weights in ("fp8", "fp8_block", "w8a8") else "fp4" if weights == "nvfp4" else "bf16")
    prompt = 2.0 * model.active_parameters * asked.shape.fresh / (peak * gpus)
    return {"ttft": prompt, "tpot": token, "e2e": prompt + token * max(asked.shape.outputs - 1.0, 0.0)}[name]


def _too_strict(asked: Study) -> tuple[str, tuple[str, ...], Document | None]:
    """A latency below what one request alone takes: which, and by how much."""
    missed = most_missed(asked)
    if missed is None:
        return _too_big(asked)
    name, seconds, setup = missed
    told, asked_for = (show_named("x_s", value) for value in (seconds, asked.spec.slo.limits[name]))
    plan = plan_document(Candidate((Group("both", setup, 1),), "round_robin"), asked.shop)
    need = _needs(name, f"takes {told} with one request at a time; asked for {asked_for}")
    return strict_word(asked, name, seconds), (f"slo/{name}",), {"plan": plan, "needs": [need]}


def most_missed(asked: Study) -> tuple[str, float, Setup] | None:
    """The latency that one request alone misses by most (or keeps to by least) on the fastest layout, and that layout.

    None where the weights fit nowhere.
    """
    reached = zero_load(asked)
    ratios = {name: reached[name][0] / limit for name, limit in asked.spec.slo.limits.items() if name in reached}
    if not ratios:
        return None
    name = max(ratios, key=lambda one: ratios[one])
    return name, *reached[name]


def strict_word(asked: Study, name: str, seconds: float) -> str:
    """A latency that is out of reach, beside what one request takes and what the hardware allows."""
    limit, physical = asked.spec.slo.limits[name], physical_s(asked, name)
    told, asked_for, least = (show_named("x_s", value) for value in (seconds, limit, physical))
    end = "the limit is below that bound" if limit < physical else "no engine comes that near to it"
    return (
        f"A {LIMITS[name]} of {asked_for} is out of reach: one request alone takes {told} on the fastest layout, and"
        f" the peak rates of the hardware allow {least}; {end}."
    )


def _too_big(asked: Study) -> tuple[str, tuple[str, ...], Document | None]:
    """The model and its longest request fit on no group of GPUs that is allowed."""
    best = emptiest(asked)
    if best is None:
        return "No layout is left: what is fixed and what is forbidden exclude all.", ("options",), None
    needed, room = (show(value, SIZE) for value in filled(asked, best))
    plan = plan_document(Candidate((Group("both", best, 1),), "round_robin"), asked.shop)
    need = _needs("memory", f"needs {needed} of {room} on each GPU")
    return big_word(asked, best), ("memory",), {"plan": plan, "needs": [need]}


def emptiest(asked: Study) -> Setup | None:
    """The setup whose GPUs hold the least of the model; None where what is fixed excludes all."""
    every = _every(asked.spec, longest=asked.shape.longest)
    return min((_narrow(setup) for setup in every), key=lambda setup: _filled(setup, asked.shop), default=None)


def _narrow(setup: Setup) -> Setup:
    """The same with small steps, where prompts are cut to them."""
    tokens = max(512, min(setup.max_num_batched_tokens, 2048))
    return replace(setup, max_num_batched_tokens=tokens) if setup.chunked_prefill else setup


def filled(asked: Study, setup: Setup) -> tuple[float, float]:
    """Bytes that a GPU needs for the model and the longest request, and those that it may fill."""
    memory = asked.shop.memory(setup)
    needed = _filled(setup, asked.shop) + _request_bytes(asked, setup)
    return needed, asked.spec.constraints.gpu_memory_utilization * memory.capacity_bytes


def _request_bytes(asked: Study, setup: Setup) -> float:
    memory = asked.shop.memory(setup)
    return memory.token_bytes * asked.shape.longest + memory.sequence_bytes


def big_word(asked: Study, setup: Setup) -> str:
    """What does not fit, in bytes."""
    needed, room = (show(value, SIZE) for value in filled(asked, setup))
    weights, request = asked.shop.memory(setup).weights_bytes, _request_bytes(asked, setup)
    where = f"each of the {setup.gpus} GPUs of a replica" if setup.gpus > 1 else "the GPU"
    return (
        f"{model_word(asked.spec)} does not fit: {where} needs {needed}"
        f" ({show(weights, SIZE)} of weights, {show(request, SIZE)} of KV cache for the longest request),"
        f" and may fill {room}."
    )


def _filled(setup: Setup, shop: Shop) -> float:
    memory = shop.memory(setup)
    return memory.weights_bytes + memory.activation_bytes + memory.other_bytes


def smallest_change(spec: ServingSpec, binding: tuple[str, ...]) -> Document | None:
    """The first change that makes a plan possible, of those that touch what binds."""
    for at, value, message, changed in _tries(spec, binding):
        if possible(changed):
            return {"message": message, "changes": [{"at": at, "value": value}]}
    return None


def possible(spec: ServingSpec) -> bool:
    """Whether a plan carries the traffic."""
    return best_of(spec) is not None


def best_of(spec: ServingSpec) -> Ranked | None:
    """The best plan of a changed question."""
    asked = study(spec)
    found = asked.again()
    return found.ranked[0] if found.ranked else None


def _tries(spec: ServingSpec, binding: tuple[str, ...]) -> Iterator[Try]:
    if binding[0].startswith("slo/"):
        yield from _longer(spec, binding[0].removeprefix("slo/"))
        return
    if binding[0] == "options":
        yield ("/options/fix", {}, "Fix nothing.", _free(spec))
        return
    if binding[0] == "memory":
        yield from _smaller(spec)
    if binding[0] == "budget":
        yield from _richer(spec)
    if spec.constraints.max_gpus:
        yield from _more_gpus(spec)
    yield from _more_nodes(spec)
    if binding[0] in ("traffic", "gpus"):
        yield from _less(spec)


def _longer(spec: ServingSpec, name: str) -> Iterator[Try]:
    for factor in (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0):
        changed = with_limit(spec, name, factor)
        limit = changed.slo.limits[name]
        yield (f"/slo/{name}", limit, f"A {LIMITS[name]} of {show_named('x_s', limit)}.", changed)


def _smaller(spec: ServingSpec) -> Iterator[Try]:
    for weights in ("fp8", "w4a16"):
        if weights == "w4a16" or spec.hardware.node.gpu.has("fp8"):
            precision = spec.precision.model_copy(update={"weights": weights})
            message = f"Weights in {weights.upper()}."
            yield ("/precision/weights", weights, message, spec.model_copy(update={"precision": precision}))


def _richer(spec: ServingSpec) -> Iterator[Try]:
    """The budget of the plan that there would be without one."""
    best, price = best_of(_with(spec, budget_per_hour=None)), spec.hardware.usd_per_gpu_hour
    if best is not None and price:
        budget = price * best.candidate.gpus
        told = f"A budget of {show_named('cost_usd_per_hour', budget)}, for {best.candidate.gpus:,} GPUs."
        yield ("/constraints/budget_per_hour", budget, told, _with(spec, budget_per_hour=budget))


def _more_gpus(spec: ServingSpec) -> Iterator[Try]:
    """As many GPUs of the hardware as the plan has that there would be on all of them."""
    best = best_of(_with(spec, max_gpus=None))
    if best is not None:
        gpus = best.candidate.gpus
        yield ("/constraints/max_gpus", gpus, f"{gpus:,} GPUs may be used.", _with(spec, max_gpus=gpus))


def _more_nodes(spec: ServingSpec) -> Iterator[Try]:
    nodes, hardware = spec.hardware.nodes, spec.hardware
    if hardware.node.nic_bytes_per_s_per_gpu == 0:
        return
    steps = {nodes + extra for extra in (1, 2, 3)} | {nodes << bits for bits in range(1, MOST_DOUBLINGS + 1)}
    for more in sorted(steps):
        if more * hardware.node.gpus <= MOST_GPUS:
            changed = spec.model_copy(update={"hardware": hardware.model_copy(update={"nodes": more})})
            yield ("/hardware/nodes", more, f"{more:,} nodes instead of {nodes:,}.", changed)


def _less(spec: ServingSpec) -> Iterator[Try]:
    for factor in (0.9, 0.75, 0.5, 0.25, 0.1):
        changed = with_rate(spec, factor)
        rate = changed.traffic.rate_per_s
        told = f"{rate_word(rate)} instead of {rate_word(spec.traffic.rate_per_s)}."
        yield ("/traffic/rate_scale", changed.traffic.rate_scale, told, changed)


def _free(spec: ServingSpec) -> ServingSpec:
    empty = type(spec.options.fix)()
    return spec.model_copy(update={"options": spec.options.model_copy(update={"fix": empty})})


def _with(spec: ServingSpec, **limits: object) -> ServingSpec:
    return spec.model_copy(update={"constraints": spec.constraints.model_copy(update=limits)})
