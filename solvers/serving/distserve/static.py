"""Rates of a placement without a simulation: one that it cannot pass, and one that it may be expected to reach.

Of n requests that arrive in A / rate seconds, nine of ten (k of them) must be good. Let a prompt's share of a full
prefill step be w, and a request's share of its decode steps v, seconds of the busiest stage. Then
    k least w's sum   <=  A / rate + TTFT                       prompts must be through
    k least v's sum   <=  A / rate + TTFT + TPOT most output    tokens must be out
which bounds the rate from above: every step is taken as full as it may be, and nobody waits. The expectation is the
planner's own static model of a replica that only prefills and of one that only decodes (solvers/serving/static.py).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from solvers.serving.distserve.deployments import DECODE_SEQS, PREFILL_TOKENS, pool
from solvers.serving.distserve.layouts import Placement, Side
from solvers.serving.distserve.profile import BLOCK, Opt, step_cost, tokens_that_fit
from solvers.serving.distserve.workload import CONTEXT, Workload
from solvers.serving.requests import shape_of
from solvers.serving.screen import SLOWER_TPOT, SLOWER_TTFT
from solvers.serving.static import Replicas, decoding, prefilling
from solvers.simulate.serving.case import Role

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Requests a second: the bound and the expectation, 0 where the placement cannot serve at all."""

    bound: float
    expected: float


class Static:
    """Rates of all placements of one model under one workload; a side's are worked out once."""

    def __init__(self, model: Opt, work: Workload) -> None:
        self.model, self.work = model, work
        self.shape = shape_of(work.requests, cached=False)
        self.prefill = cache(self._prefill)
        self.decode = cache(self._decode)

    def rates(self, placement: Placement) -> Rates:
        """The slower of the two sides."""
        first, second = self.prefill(placement.prefill), self.decode(placement.decode)
        return Rates(min(first.bound, second.bound), min(first.expected, second.expected))

    def _prefill(self, side: Side) -> Rates:
        if not self._fits(side):
            return Rates(0.0, 0.0)
        tokens = self.work.requests.input_tokens.astype(float)
        share, alone = _prompt_seconds(self.model, side, tokens)
        slo = self.work.slo.limits["ttft"]
        bound = self.work.span / max(_least(share, self.work) - slo, 1e-9)
        latency = float(np.quantile(side.pp * alone, self.work.slo.attainment))
        load = prefilling(_replica(self.model, side, "prefill"), self.shape)
        return Rates(bound if latency <= slo else 0.0, float(load.most(tpot_s=np.inf, ttft_s=slo / SLOWER_TTFT)[0]))

    def _decode(self, side: Side) -> Rates:
        if not self._fits(side):
            return Rates(0.0, 0.0)
        limits, requests = self.work.slo.limits, self.work.requests
        after = np.maximum(requests.output_tokens - 1.0, 0.0)
        least = _least(after * _fastest_token(self.model, side), self.work)
        slack = limits["ttft"] + limits["tpot"] * float(after.max())
        bound = self.work.span / max(least - slack, 1e-9)
        load = decoding(_replica(self.model, side, "decode"), self.shape)
        return Rates(bound, float(load.most(tpot_s=limits["tpot"] / SLOWER_TPOT, ttft_s=np.inf)[0]))

    def _fits(self, side: Side) -> bool:
        return tokens_that_fit(self.model, gpus=side.gpus) >= CONTEXT + BLOCK


def _replica(model: Opt, side: Side, role: Role) -> Replicas:
    """What the static model reads of a side."""
    one = pool(model, side, role)
    return Replicas(
        cost=one.cost,
        stages=one.engine.stages,
        ranks=1,
        max_num_seqs=np.array([[float(one.engine.max_num_seqs)]]),
        max_num_batched_tokens=np.array([[float(one.engine.max_num_batched_tokens)]]),
        cache_tokens=np.array([[float((one.engine.blocks - 1) * BLOCK)]]),
    )


def _prompt_seconds(model: Opt, side: Side, tokens: Floats) -> tuple[Floats, Floats]:
    """Of the busiest stage: a prompt's share of a full step, and its seconds alone."""
    cost = step_cost("distserve", model, tp=side.tp, pp=side.pp, most_tokens=PREFILL_TOKENS, most_seqs=DECODE_SEQS)
    pairs = cost.pair * tokens * (tokens + 1) / 2
    fixed = float(cost.mixed_tokens[0])
    each = float(cost.mixed_tokens[1]) - fixed
    own = (each * tokens + pairs) / side.pp
    return own + (fixed / side.pp + cost.host) * tokens / PREFILL_TOKENS, own + fixed / side.pp + cost.host


def _decode_stage(model: Opt, side: Side, numbers: npt.NDArray[np.int64]) -> Floats:
    """Seconds of a stage for each number of requests in its step, contexts left out."""
    cost = step_cost("distserve", model, tp=side.tp, pp=side.pp, most_tokens=PREFILL_TOKENS, most_seqs=DECODE_SEQS)
    device: Floats = cost.decode_base[numbers]
    return device / side.pp + cost.host


def _fastest_token(model: Opt, side: Side) -> float:
    """The busiest stage's seconds for a token in the best of all steps, contexts left out."""
    numbers = np.arange(1, DECODE_SEQS + 1)
    return float(np.min(_decode_stage(model, side, numbers) / numbers))


def _least(seconds: Floats, work: Workload) -> float:
    """Sum of the least seconds that the good requests can have."""
    count = int(np.ceil(work.slo.attainment * len(seconds)))
    return float(np.sort(seconds)[:count].sum())
