"""Rates of a placement without a simulation: one that it cannot pass, and one that it may be expected to reach.

Of n requests that arrive in A / rate seconds, nine of ten (k of them) must be good. Let a prompt's share of a full
prefill step be w, and a request's share of its decode steps v, seconds of the busiest stage. Then
    k least w's sum   <=  A / rate + TTFT                       prompts must be through
    k least v's sum   <=  A / rate + TTFT + TPOT most output    tokens must be out
which bounds the rate from above: every step is taken as full as it may be, and nobody waits. The expectation takes
    prefill   TTFT = latency of the 90th longest prompt + wait of M/G/1 at its 90th percentile
    decode    the most requests in a step that keep TPOT and fit the KV cache, for the mean context
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from solvers.serving.distserve.deployments import DECODE_SEQS, PREFILL_TOKENS
from solvers.serving.distserve.layouts import Placement, Side
from solvers.serving.distserve.profile import BLOCK, Opt, step_cost, tokens_that_fit
from solvers.serving.distserve.workload import CONTEXT, Workload

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
        return Rates(bound if latency <= slo else 0.0, _queueing(share, alone, slo - latency))

    def _decode(self, side: Side) -> Rates:
        if not self._fits(side):
            return Rates(0.0, 0.0)
        slo, requests = self.work.slo, self.work.requests
        batch, token = self._best_batch(side)
        if batch == 0:
            return Rates(0.0, 0.0)
        after = np.maximum(requests.output_tokens - 1.0, 0.0)
        least = _least(after * _fastest_token(self.model, side), self.work)
        slack = slo.limits["ttft"] + slo.limits["tpot"] * float(after.max())
        bound = self.work.span / max(least - slack, 1e-9)
        return Rates(bound, 1.0 / (token * max(float(after.mean()), 1e-9)))

    def _best_batch(self, side: Side) -> tuple[int, float]:
        """The most requests of a step that keep to TPOT and fit, and the busiest stage's seconds for a token."""
        requests = self.work.requests
        context = float(np.mean(requests.input_tokens + requests.output_tokens / 2))
        held = tokens_that_fit(self.model, gpus=side.gpus) / context / side.pp
        numbers = np.arange(1, max(min(DECODE_SEQS // side.pp, int(held)), 1) + 1)
        stage = _decode_stage(self.model, side, numbers, context)
        good = numbers[side.pp * stage <= self.work.slo.limits["tpot"]]
        if len(good) == 0:
            return 0, 0.0
        best = int(good.max())
        return best, float(stage[best - 1]) / best

    def _fits(self, side: Side) -> bool:
        return tokens_that_fit(self.model, gpus=side.gpus) >= CONTEXT + BLOCK


def _prompt_seconds(model: Opt, side: Side, tokens: Floats) -> tuple[Floats, Floats]:
    """Of the busiest stage: a prompt's share of a full step, and its seconds alone."""
    cost = step_cost("distserve", model, tp=side.tp, pp=side.pp, most_tokens=PREFILL_TOKENS, most_seqs=DECODE_SEQS)
    pairs = cost.pair * tokens * (tokens + 1) / 2
    fixed = float(cost.mixed_tokens[0])
    each = float(cost.mixed_tokens[1]) - fixed
    own = (each * tokens + pairs) / side.pp
    return own + (fixed / side.pp + cost.host) * tokens / PREFILL_TOKENS, own + fixed / side.pp + cost.host


def _decode_stage(model: Opt, side: Side, numbers: npt.NDArray[np.int64], context: float) -> Floats:
    """Seconds of a stage for each number of requests in its step."""
    cost = step_cost("distserve", model, tp=side.tp, pp=side.pp, most_tokens=PREFILL_TOKENS, most_seqs=DECODE_SEQS)
    device: Floats = cost.decode_base[numbers] + cost.decode_context[numbers] * numbers * context
    return device / side.pp + cost.host


def _fastest_token(model: Opt, side: Side) -> float:
    """The busiest stage's seconds for a token in the best of all steps, contexts left out."""
    numbers = np.arange(1, DECODE_SEQS + 1)
    return float(np.min(_decode_stage(model, side, numbers, 0.0) / numbers))


def _least(seconds: Floats, work: Workload) -> float:
    """Sum of the least seconds that the good requests can have."""
    count = int(np.ceil(work.slo.attainment * len(seconds)))
    return float(np.sort(seconds)[:count].sum())


def _queueing(share: Floats, alone: Floats, slack: float) -> float:
    """The rate at which one in ten waits longer than `slack`: M/G/1 with an exponential tail, capped by full steps."""
    if slack <= 0:
        return 0.0
    rates = np.linspace(0.005, 0.995, 199) / float(alone.mean())
    load = rates * float(alone.mean())
    wait = rates * float(np.mean(alone**2)) / (2 * (1 - load))
    tail = np.maximum(np.log(load / 0.1), 0.0) * wait / load
    good = rates[tail <= slack]
    return min(float(good.max(initial=0.0)), 1.0 / float(share.mean()))
