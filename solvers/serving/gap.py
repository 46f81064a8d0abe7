"""How far the answer could be from the best plan of its whole space, by bounds that no simulation is needed for.

    cost              fewest GPUs whose ceiling (`ceiling`) is at least the traffic's rate, over the answer's
    goodput_per_gpu   the answer's goodput of each GPU, over the highest ceiling of any
    latency           least ratio of any latency to its limit with one request at a time, over the answer's ratio
The gap is one minus that. Every layout counts, those too that were not simulated, each with the widest settings, which
can do the most. For `cost` it is 0 where a sweep decided all that the screen kept and that has fewer GPUs. It is a
distance within the model of a step; the distance to the hardware's peak rates is `explanation.bound.gap`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from solvers.serving.ceiling import Least
from solvers.serving.ranked import Ranked, stretch
from solvers.serving.screen import modes
from solvers.serving.setup import Setup
from solvers.serving.space import TOKENS, layouts, numerics, sequence_limits, token_limits
from solvers.serving.study import Study
from solvers.simulate.serving.case import Role


@dataclass(frozen=True)
class Side:
    """A layout in one role: its GPUs, and requests a second of one replica at the most."""

    setup: Setup
    gpus: int
    most_per_s: float

    def needed(self, rate_per_s: float, fixed: int | None) -> float:
        """GPUs of this side for so many requests a second; infinite where none would do."""
        if self.most_per_s <= 0.0 or (fixed and fixed * self.most_per_s < rate_per_s):
            return math.inf
        return (fixed or max(math.ceil(rate_per_s / self.most_per_s - 1e-9), 1)) * self.gpus


def sides(study: Study, role: Role) -> list[Side]:
    """Every layout of a role that holds the longest request."""
    return [
        Side(setup, setup.gpus, study.ceilings.replica(setup, role, study.spec.slo, blocks=blocks))
        for setup, blocks in _widest(study, role)
    ]


def _widest(study: Study, role: Role) -> Iterator[tuple[Setup, int]]:
    """Each layout with the widest settings, and with the blocks that it has with the narrowest."""
    spec, shop = study.spec, study.shop
    fix, options = spec.options.fix, spec.options
    tp = {"both": fix.tp, "prefill": fix.prefill_tp or fix.tp, "decode": fix.decode_tp or fix.tp}[role]
    pp = {"both": fix.pp, "prefill": fix.prefill_pp or fix.pp, "decode": fix.decode_pp or fix.pp}[role]
    steps = token_limits(spec, longest=study.shape.longest)[-1:]
    drafts = [False] if spec.speculation is None or options.forbids("speculative") else [False, True]
    every = product(layouts(spec, tp=tp, pp=pp), numerics(spec), steps, drafts)
    for layout, numbers, (tokens, chunked), draft in every:
        most = sequence_limits(spec, tokens=tokens)[-1]
        setup = Setup(layout, numbers, most, tokens, chunked, speculative=draft)
        blocks = shop.blocks(replace(setup, max_num_batched_tokens=min(tokens, TOKENS[0]) if chunked else tokens))
        if (blocks - 1) * 16 >= study.shape.longest + 16:
            yield setup, blocks


def least_gpus(study: Study) -> float:
    """No plan of the space carries the traffic on fewer GPUs; infinite where none does on any number."""
    rate, fix = study.spec.traffic.rate_per_s, study.spec.options.fix
    found = [math.inf]
    if "colocated" in modes(study.spec):
        found += [side.needed(rate, fix.replicas) for side in sides(study, "both")]
    if "disaggregated" in modes(study.spec):
        found += [ahead.needed(rate, fix.prefill_replicas) + after.needed(rate, fix.decode_replicas)
                  for ahead, after in _pairs(study)]  # fmt: skip
    return min(found)


def most_goodput_per_gpu(study: Study) -> float:
    """No plan of the space gives more good requests a second of each GPU."""
    found = [0.0]
    if "colocated" in modes(study.spec):
        found += [side.most_per_s / side.gpus for side in sides(study, "both")]
    if "disaggregated" in modes(study.spec):
        found += [1.0 / (ahead.gpus / ahead.most_per_s + after.gpus / after.most_per_s)
                  for ahead, after in _pairs(study) if ahead.most_per_s > 0 and after.most_per_s > 0]  # fmt: skip
    return max(found)


def _pairs(study: Study) -> Iterator[tuple[Side, Side]]:
    """Prefill beside decode, in the same numbers; a draft is for decodes."""
    ahead = [side for side in sides(study, "prefill") if not side.setup.speculative]
    after = sides(study, "decode")
    return ((one, other) for one, other in product(ahead, after) if one.setup.numerics == other.setup.numerics)


def least_stretch(study: Study) -> float:
    """No plan of the space has a smaller largest ratio of a latency, at the asked percentile, to its limit."""
    slo = study.spec.slo
    roles: tuple[Role, ...] = ("both",) if modes(study.spec) == ("colocated",) else ("both", "prefill", "decode")
    least: dict[str, float] = {}
    for role in roles:
        for setup, _blocks in _widest(study, role):
            for name, seconds in _alone(study, study.ceilings.least(setup, role), setup).items():
                least[name] = min(least.get(name, math.inf), seconds)
    return max((least[name] / limit for name, limit in slo.limits.items() if name in least), default=0.0)


def _alone(study: Study, least: Least, setup: Setup) -> dict[str, float]:
    """Seconds of each latency at the asked percentile that no request of a setup undercuts."""
    work, share = study.ceilings.work, study.spec.slo.attainment
    fresh, outputs, inputs = work.each_fresh, work.each_outputs, work.each_inputs
    given, drafts = study.shop.tokens_a_step(setup), study.shop.drafts(setup)
    steps = np.ceil(fresh / setup.max_num_batched_tokens)
    first = (least.fixed[:, None] * steps + least.token[:, None] * fresh).max(axis=0)
    first = first + least.pair * fresh * (fresh + 1.0) / 2.0
    run = float((least.fixed + least.token * (drafts + 1.0)).max()) + least.decode
    token = np.where(outputs > 1, (run + least.read * inputs) / given, 0.0)
    first = first + study.shop.waits(apart=False).fixed_s
    found = {"ttft": first, "tpot": token, "e2e": first + token * (outputs - 1.0)}
    return {name: float(np.quantile(seconds, share, method="lower")) for name, seconds in found.items()}


def gap(study: Study, chosen: Ranked, *, goodput_per_s: float, decided: bool) -> float:
    """See the module; `goodput_per_s` is the answer's, `decided` whether all candidates with fewer GPUs were."""
    if study.spec.objective == "cost" and decided:
        return 0.0
    objective, gpus = study.spec.objective, chosen.candidate.gpus
    if objective == "cost":
        part = least_gpus(study) / gpus
    elif objective == "goodput_per_gpu":
        most = most_goodput_per_gpu(study)
        part = goodput_per_s / gpus / most if most > 0 else 1.0
    else:
        reached = stretch(chosen.trial, study.spec)
        part = least_stretch(study) / reached if reached > 0 else 1.0
    return max(1.0 - part, 0.0)
