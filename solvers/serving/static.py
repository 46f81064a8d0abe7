"""What a replica can carry, before anything is simulated: the step cost at the load, in the mean.

Symbols
    n decodes of a step   I fresh input, O output tokens of a request   b most tokens of a step   c mean context
    q = min(I, b - n)     tokens of a chunk          k = I / q     chunks of a prompt
A replica that runs n decodes at once finishes n / O requests a step and has to prefill as many:
    f = min(1, n k / O)                  share of the steps that have a chunk
    p = n I / O / f                      prefill tokens of such a step
    s = f step(n, p) + (1 - f) step(n)   mean step: the time of an output token
    rate = n / (O s)                     requests a second
A prompt takes k steps with chunks, and waits as in a queue whose server is busy for the share u of its time that goes
to chunks, u = rate x k x (step with chunk - step without), Kingman's formula [kingman1961single]:
    ttft = s / 2 + k step(n, q) + u / (1 - u) (1 + burst^2) / 2 k step(n, q)
All of it is worked out for every n at once; what a limit allows is the largest n (or rate) that keeps to it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solvers.cost.serving.tables import StepCost, Table
from solvers.serving.requests import Shape

Floats = npt.NDArray[np.float64]

# Of the blocks: what is left for requests that are longer than the mean, before any is preempted.
FULL = 0.92


@dataclass(frozen=True)
class Load:
    """A replica at each number of decodes [n]: its rate, its mean step and the mean time to a first token."""

    decodes: Floats
    rate_per_s: Floats
    tpot_s: Floats
    ttft_s: Floats

    def most(self, *, tpot_s: float, ttft_s: float) -> float:
        """The highest rate that keeps to both; 0 where none does."""
        good = (self.tpot_s <= tpot_s) & (self.ttft_s <= ttft_s)
        return float(self.rate_per_s[good].max(initial=0.0))

    def at(self, rate_per_s: float) -> tuple[float, float]:
        """Mean time of an output token and to the first token at a rate; infinite beyond the highest."""
        enough = np.flatnonzero(self.rate_per_s >= rate_per_s)
        if len(enough) == 0:
            return np.inf, np.inf
        return float(self.tpot_s[enough[0]]), float(self.ttft_s[enough[0]])


@dataclass(frozen=True)
class Replica:
    """What the static model reads of one replica: its tables, its limits and how many tokens its cache holds.

    A draft of `drafts` tokens makes each decode `drafts + 1` positions, of which `gained` tokens are kept.
    """

    cost: StepCost
    stages: int
    ranks: int
    max_num_seqs: int
    max_num_batched_tokens: int
    cache_tokens: float
    drafts: int = 0
    gained: float = 1.0
    draft_s: float = 0.0


def _table(table: Table, at: Floats) -> Floats:
    """Entries of a table at fractional places."""
    return np.interp(at, np.arange(len(table)), table)


def step_s(
    replica: Replica, decodes: Floats, context: float, *, chunk: Floats | float, pairs: float, before: float
) -> Floats:
    """Seconds of a step [n] with so many decodes of all ranks and `chunk` prefill tokens of one, 0 for none.

    The chunk sees `pairs` pairs of queries and keys and has `before` tokens there already.
    """
    cost, own = replica.cost, decodes / (replica.ranks * replica.stages)
    chunk = np.broadcast_to(np.asarray(chunk, dtype=float), own.shape)
    tokens, prefills = own * (replica.drafts + 1), chunk > 0
    wide = _table(cost.mixed_tokens, tokens + chunk)
    seen = min(context, float(cost.window))
    device = (
        np.where(prefills, wide, _table(cost.decode_tokens, tokens))
        + _table(cost.sampled, own + prefills)
        + _table(cost.decode_base, own)
        + _table(cost.decode_context, own) * own * context
        + _table(cost.decode_window, own) * own * seen
        + np.where(prefills, cost.chunk + cost.pair * pairs + cost.context * (before + chunk), 0.0)
        + np.where(own > 0, replica.draft_s, 0.0)
    )
    if len(cost.shared_tokens) > 1:
        device = device + _table(cost.shared_tokens, tokens * replica.ranks + chunk)
    host = cost.host + cost.host_sequence * own
    stage = device / replica.stages
    stage = np.maximum(stage, host) if cost.overlapped else stage + host
    hops = _table(cost.hop, tokens + chunk) if replica.stages > 1 else 0.0
    return stage * replica.stages + hops * (replica.stages - 1)


def _counts(replica: Replica, *, context: float, spare: float = 1.0) -> Floats:
    """Numbers of decodes that the limits and the cache allow, rising."""
    room = FULL * replica.cache_tokens * replica.ranks / max(context, 1.0)
    budget = replica.max_num_batched_tokens / (replica.drafts + 1) * replica.ranks * replica.stages
    most = min(float(replica.max_num_seqs * replica.ranks * replica.stages), room, spare * budget)
    if most < 1.0:
        return np.array([most]) if most > 0.2 else np.zeros(0)
    return np.unique(np.concatenate([np.geomspace(0.02, most, 48), [1.0]]))


def colocated(replica: Replica, shape: Shape) -> Load:
    """A replica that does both."""
    n = _counts(replica, context=shape.context, spare=0.9)
    lanes = replica.ranks * replica.stages
    free = replica.max_num_batched_tokens - n * (replica.drafts + 1) / lanes
    chunk = np.minimum(shape.fresh, np.maximum(free, 1.0))
    chunks = np.ceil(shape.fresh / chunk)
    answers = n / (shape.outputs / replica.gained)
    mixed = np.minimum(answers * chunks / lanes, 1.0)
    load = np.maximum(answers * shape.fresh / lanes / np.maximum(mixed, 1e-12), 1e-9)
    crowded = load > np.maximum(free, 1.0)
    load = np.minimum(load, np.maximum(free, 1.0))
    pairs, before = shape.pairs / shape.fresh, shape.inputs / 2.0
    plain = step_s(replica, n, shape.context, chunk=0.0, pairs=0.0, before=0.0)
    together = _mixed(replica, n, shape, chunk=load, pairs=pairs, before=before)
    alone = _mixed(replica, n, shape, chunk=chunk, pairs=pairs, before=before)
    step = mixed * together + (1.0 - mixed) * plain
    rate = n / (shape.outputs / replica.gained * step)
    busy = np.minimum(rate / lanes * chunks * np.maximum(alone - plain, 0.2 * alone), 0.999)
    prefill = chunks * alone
    ttft = step / 2.0 + prefill + busy / (1.0 - busy) * (1.0 + shape.burstiness**2) / 2.0 * prefill
    return Load(n, np.where(crowded, 0.0, rate), step / replica.gained, ttft)


def _mixed(replica: Replica, n: Floats, shape: Shape, *, chunk: Floats, pairs: float, before: float) -> Floats:
    """A step with a chunk, whose pairs are as many as its share of the prompt's."""
    base = step_s(replica, n, shape.context, chunk=chunk, pairs=0.0, before=before)
    return base + replica.cost.pair * pairs * chunk


def prefilling(replica: Replica, shape: Shape) -> Load:
    """A replica that only prefills: prompts one after the other, at each share of its time [u]; decodes are 0."""
    busy = np.linspace(0.02, 0.98, 49)
    chunk = np.minimum(shape.fresh, float(replica.max_num_batched_tokens))
    chunks = np.ceil(shape.fresh / chunk)
    none = np.zeros(1)
    pairs = shape.pairs / shape.fresh
    alone = float(_mixed(replica, none, shape, chunk=np.array([chunk]), pairs=pairs, before=shape.inputs / 2.0)[0])
    prefill = chunks * alone
    served = prefill / (replica.ranks * replica.stages)
    ttft = prefill + busy / (1.0 - busy) * (1.0 + shape.burstiness**2) / 2.0 * served
    return Load(np.zeros_like(busy), busy / served, np.zeros_like(busy), ttft)


def decoding(replica: Replica, shape: Shape) -> Load:
    """A replica that only decodes; it waits for nothing."""
    n = _counts(replica, context=shape.context)
    step = step_s(replica, n, shape.context, chunk=0.0, pairs=0.0, before=0.0)
    rate = n / (max(shape.outputs - 1.0, 1.0) / replica.gained * step)
    return Load(n, rate, step / replica.gained, np.zeros_like(n))
