"""The most requests a second that replicas can do, whatever the order of the work: no simulation exceeds it for long.

Symbols, for an average request
    D decode runs   P fresh prompt tokens   X sum of the contexts its decodes read, U the same without shared prefixes
    G decode runs of the requests that have to be good, the shortest of all: the asked share of them
and for one step of `s` stages and `r` ranks, from the step's own tables
    T >= phi + tau k + ...      for its k tokens, with any slope tau and phi the least of (table - tau k)
    n <= N decodes of a rank, their contexts together <= C, the cache of a rank
Summed over all steps, requests need J steps with decodes each and
    seconds >= J phi + (tau (D + P) + (base D + read X + pair x pairs) ) / r
    J >= D / (N r),   J >= U / (C r),   J >= (G / r) tau' / (L - phi)
The last by Cauchy's inequality: steps that good decodes wait for take at most L, the limit of TPOT, on average over
those decodes, so sum n (phi + tau' n) <= L sum n. A stage is busy T / s of each step, so
    rate <= s / seconds, at the best tau
What is left out (hops, launches of chunks, windows, preemption, unequal ranks) takes time too. It holds in the mean:
requests drawn, and drafts accepted, luckier than that do better.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solvers.cost.serving.memory import BLOCK_TOKENS
from solvers.cost.serving.tables import StepCost, Table
from solvers.serving.candidate import Candidate, transfer
from solvers.serving.requests import Shape
from solvers.serving.setup import Setup, Shop
from solvers.serving.slo import Slo
from solvers.simulate.serving.case import Requests, Role

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Slopes that are tried, over the steepest: each gives a bound, the best of them is taken.
SLOPES: Floats = np.array([0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])


@dataclass(frozen=True)
class Work:
    """What the average request asks for, and of each request [n] its input, what is surely fresh of it, its output."""

    fresh: float
    pairs: float
    contexts: float
    unshared: float
    each_inputs: Floats
    each_fresh: Floats
    each_outputs: Floats

    def good(self, share: float) -> float:
        """Decode runs of the shortest `share` of the requests, over all requests."""
        runs = np.sort(self.each_outputs - 1.0)
        return float(runs[: int(share * len(runs))].sum()) / len(runs)


def work_of(requests: Requests, shape: Shape) -> Work:
    """The work of `requests`, whose shape that is."""
    inputs, decodes = requests.input_tokens.astype(float), requests.output_tokens.astype(float) - 1.0
    contexts = decodes * inputs + decodes * (decodes + 1.0) / 2.0
    shared = np.where(requests.prefix >= 0, requests.prefix_tokens, 0)
    return Work(
        fresh=shape.fresh, pairs=shape.pairs, contexts=float(contexts.mean()),
        unshared=float((contexts - shared * decodes).mean()), each_inputs=inputs,
        each_fresh=np.maximum(inputs - shared, 1.0), each_outputs=decodes + 1.0,
    )  # fmt: skip


@dataclass(frozen=True)
class Least:
    """The least seconds of a step of one setup: `fixed` and `token` [t] at each slope, and what each decode adds."""

    fixed: Floats
    token: Floats
    decode: float
    read: float
    pair: float


def least_of(cost: StepCost, setup: Setup, *, draft_s: float) -> Least:
    """Lines below the tables of a step."""
    stages, ranks = setup.layout.pp, setup.layout.dp
    most = min(setup.max_num_batched_tokens, len(cost.decode_tokens) - 1)
    plain = np.minimum(cost.decode_tokens[1 : most + 1], cost.mixed_tokens[1 : most + 1])
    shared = len(cost.shared_tokens) > 1
    host = cost.host * stages
    own = plain + host if not cost.overlapped else plain if shared else np.maximum(plain, host)
    fixed, token = _lines(own)
    among, each = _lines(cost.shared_tokens[1:]) if shared else (np.full(len(SLOPES), cost.shared_tokens[0]), 0.0)
    seqs = min(setup.max_num_seqs, len(cost.decode_base) - 1)
    counts = np.arange(1, seqs + 1)
    decode = _least_each(cost.sampled) + float((cost.decode_base[1 : seqs + 1] / counts).min())
    decode += 0.0 if cost.overlapped else cost.host_sequence * stages
    return Least(
        fixed=fixed + among + draft_s, token=token + ranks * each, decode=decode,
        read=float(cost.decode_context[1 : seqs + 1].min()), pair=cost.pair,
    )  # fmt: skip


def _lines(table: Table) -> tuple[Floats, Floats]:
    """Intercepts and slopes [t] of lines below a table whose first entry is that of one token."""
    tokens = np.arange(1, len(table) + 1)
    slopes = float((table / tokens).min()) * SLOPES
    return np.array([float((table - slope * tokens).min()) for slope in slopes]), slopes


def _least_each(table: Table) -> float:
    return float((table[1:] / np.arange(1, len(table))).min()) if len(table) > 1 else 0.0


def most_per_s(
    least: Least, work: Work, setup: Setup, *, role: Role, cache_tokens: float, tokens_a_run: float, drafts: int,
    tpot_s: float | None, share: float,
) -> float:  # fmt: skip
    """Requests a second of one replica at the most; 0 where no step is short enough for the limit of TPOT.

    Endless where it has nothing to do: a pool for answers of one token, which end with their prompts.
    """
    ranks, stages = setup.layout.dp, setup.layout.pp
    runs = 0.0 if role == "prefill" else float(work.each_outputs.mean() - 1.0) / tokens_a_run
    prompt = 0.0 if role == "decode" else work.fresh
    each = least.token * (drafts + 1.0) + least.decode
    steps = np.full(len(least.fixed), max(
        runs / (setup.max_num_seqs * ranks),
        runs and work.unshared / tokens_a_run / (max(cache_tokens, BLOCK_TOKENS) * ranks),
    ))  # fmt: skip
    good = work.good(share) / tokens_a_run
    if tpot_s is not None and role != "prefill" and good > 0:
        left = tpot_s * tokens_a_run - least.fixed
        if left.min() <= 0:
            return 0.0
        steps = np.maximum(steps, good / ranks * each / left)
    pairs = 0.0 if role == "decode" else least.pair * work.pairs
    read = 0.0 if role == "prefill" else least.read * work.contexts / tokens_a_run
    seconds = steps * least.fixed + (each * runs + least.token * prompt + read + pairs) / ranks
    busy = float(seconds.max())
    return stages / busy if busy else math.inf


class Ceilings:
    """The ceilings of one question's plans, each setup worked out once."""

    def __init__(self, shop: Shop, work: Work) -> None:
        self.shop, self.work = shop, work
        self._least: dict[tuple[Setup, bool], Least] = {}

    def of(self, candidate: Candidate, slo: Slo, *, slower: float = 1.0) -> float:
        """Requests a second that a plan can do at the most, with steps that take `slower` times as long."""
        apart = candidate.disaggregated
        rates = [
            group.replicas * self.replica(group.setup, group.role, slo, slower=slower) for group in candidate.groups
        ]
        if apart and (link := transfer(candidate, self.shop)) is not None:
            moved = float(self.work.each_inputs.mean()) * link.bytes_per_token
            rates += [candidate.groups[-1].replicas * link.bytes_per_s / moved] if moved else []
        return min(rates)

    def replica(self, setup: Setup, role: Role, slo: Slo, *, slower: float = 1.0, blocks: int | None = None) -> float:
        """Requests a second of one replica at the most, with `blocks` of cache where they are not the setup's own."""
        held = self.shop.blocks(setup) if blocks is None else blocks
        gained, drafts = (1.0, 0) if role == "prefill" else (self.shop.tokens_a_step(setup), self.shop.drafts(setup))
        return most_per_s(
            self.least(setup, role), self.work, setup, role=role, cache_tokens=(held - 1) * BLOCK_TOKENS,
            tokens_a_run=gained, drafts=drafts,
            tpot_s=None if slo.tpot is None else slo.tpot / slower, share=slo.attainment,
        ) / slower  # fmt: skip

    def least(self, setup: Setup, role: Role) -> Least:
        """Lines below the seconds of a setup's steps."""
        key = (setup, role != "both")
        if key not in self._least:
            speculation = self.shop.speculation(setup)
            cost = self.shop.cost(setup, apart=role != "both")
            self._least[key] = least_of(cost, setup, draft_s=speculation.draft_s if speculation else 0.0)
        return self._least[key]
