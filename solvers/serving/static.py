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
All of it is worked out at once, for every n of all S replicas that share their tables; what a limit allows is the
largest n (or rate) that keeps to it.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from solvers.cost.serving.tables import StepCost, Table
from solvers.serving.requests import Shape

Floats = npt.NDArray[np.float64]
Number = float | Floats

# Of the blocks: what is left for requests that are longer than the mean, before any is preempted.
FULL = 0.92
# Decodes below which a replica has room for none (estimate).
LEAST = 0.2


@dataclass(frozen=True)
class Load:
    """Replicas at each number of decodes [S, n]: their rates, their mean steps and mean times to a first token."""

    rate_per_s: Floats
    tpot_s: Floats
    ttft_s: Floats

    def most(self, *, tpot_s: float, ttft_s: float) -> Floats:
        """The highest rate of each that keeps to both [S]; 0 where none does."""
        good = (self.tpot_s <= tpot_s) & (self.ttft_s <= ttft_s)
        most: Floats = np.where(good, self.rate_per_s, 0.0).max(axis=1, initial=0.0)
        return most

    def at(self, one: int, rate_per_s: float) -> tuple[float, float]:
        """Mean time of an output token and to the first token of one at a rate; infinite beyond its highest."""
        enough = self.rate_per_s[one] >= rate_per_s
        place = int(enough.argmax()) if enough.size else 0
        if not enough.size or not enough[place]:
            return np.inf, np.inf
        return float(self.tpot_s[one, place]), float(self.ttft_s[one, place])


@dataclass(frozen=True)
class Replicas:
    """What the static model reads of replicas with the same tables: their limits and tokens of their caches [S, 1].

    A draft of `drafts` tokens makes each decode `drafts + 1` positions, of which `gained` tokens are kept.
    """

    cost: StepCost
    stages: int
    ranks: int
    max_num_seqs: Floats
    max_num_batched_tokens: Floats
    cache_tokens: Floats
    drafts: int = 0
    gained: float = 1.0
    draft_s: float = 0.0


class Shaped(Protocol):
    """Requests' means, as `Shape` has them; of K classes at once they are [K, 1, 1], and so is what is made of them."""

    @property
    def inputs(self) -> Number:
        """Tokens of a prompt."""

    @property
    def outputs(self) -> Number:
        """Tokens of an answer."""

    @property
    def fresh(self) -> Number:
        """Tokens of a prompt that no cached prefix spares."""

    @property
    def pairs(self) -> Number:
        """Pairs of queries and keys of a prompt."""

    @property
    def context(self) -> Number:
        """Tokens before the average step of an answer."""

    @property
    def burstiness(self) -> float:
        """Standard deviation of the gaps between arrivals over their mean."""


def _table(table: Table, at: Floats) -> Floats:
    """Entries of a table at fractional places from 0 on; beyond its end the last one."""
    at = np.minimum(at, len(table) - 1.0)
    below = at.astype(np.intp)
    here = table[below]
    return here + (at - below) * (table[np.minimum(below + 1, len(table) - 1)] - here)


def step_s(
    replica: Replicas, decodes: Floats, context: Number, *, chunk: Number, pairs: Number, before: Number
) -> Floats:
    """Seconds of a step [S, n] with so many decodes of all ranks and `chunk` prefill tokens of one, 0 for none.

    The chunk sees `pairs` pairs of queries and keys and has `before` tokens there already. Less than one decode on
    average is one in some steps and none in the others: what its reader waits for is a step with one.
    """
    cost, own = replica.cost, np.where(decodes > 0, np.maximum(decodes / (replica.ranks * replica.stages), 1.0), 0.0)
    chunk = np.broadcast_to(np.asarray(chunk, dtype=float), own.shape)
    tokens, prefills = own * (replica.drafts + 1), chunk > 0
    wide = _table(cost.mixed_tokens, tokens + chunk)
    seen = np.minimum(context, float(cost.window))
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


def _counts(replica: Replicas, *, context: Number, spare: float = 1.0) -> Floats:
    """Numbers of decodes that the limits and the cache allow, rising [S, n]; 0 where they allow none."""
    lanes = replica.ranks * replica.stages
    room = FULL * replica.cache_tokens * replica.ranks / np.maximum(context, 1.0)
    budget = replica.max_num_batched_tokens / (replica.drafts + 1) * lanes
    most = np.minimum(np.minimum(replica.max_num_seqs * lanes, room), spare * budget)
    rising = np.geomspace(0.02, np.maximum(most[..., 0], 1.0), 48, axis=-1)
    counts = np.sort(np.concatenate([rising, np.ones_like(most)], axis=-1), axis=-1)
    return np.where(most >= 1.0, counts, np.where(most > LEAST, most, 0.0))


def colocated(replica: Replicas, shape: Shaped) -> Load:
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
    return _told(n, np.where(crowded, 0.0, rate), step / replica.gained, ttft)


def _told(n: Floats, rate_per_s: Floats, tpot_s: Floats, ttft_s: Floats) -> Load:
    """The load; replicas without room for a decode serve nothing, ever."""
    none = n == 0.0
    return Load(rate_per_s, np.where(none, np.inf, tpot_s), np.where(none, np.inf, ttft_s))


def _mixed(replica: Replicas, n: Floats, shape: Shaped, *, chunk: Floats, pairs: Number, before: Number) -> Floats:
    """A step with a chunk, whose pairs are as many as its share of the prompt's."""
    base = step_s(replica, n, shape.context, chunk=chunk, pairs=0.0, before=before)
    return base + replica.cost.pair * pairs * chunk


def prefilling(replica: Replicas, shape: Shape) -> Load:
    """A replica that only prefills: prompts one after the other, at each share of its time [u]; decodes are 0."""
    busy = np.linspace(0.02, 0.98, 49)
    chunk = np.minimum(shape.fresh, replica.max_num_batched_tokens)
    chunks = np.ceil(shape.fresh / chunk)
    none = np.zeros_like(chunk)
    pairs = shape.pairs / shape.fresh
    alone = _mixed(replica, none, shape, chunk=chunk, pairs=pairs, before=shape.inputs / 2.0)
    prefill = chunks * alone
    served = prefill / (replica.ranks * replica.stages)
    ttft = prefill + busy / (1.0 - busy) * (1.0 + shape.burstiness**2) / 2.0 * served
    return Load(busy / served, np.zeros_like(ttft), ttft)


def decoding(replica: Replicas, shape: Shape) -> Load:
    """A replica that only decodes; it waits for nothing."""
    n = _counts(replica, context=shape.context)
    step = step_s(replica, n, shape.context, chunk=0.0, pairs=0.0, before=0.0)
    rate = n / (max(shape.outputs - 1.0, 1.0) / replica.gained * step)
    return _told(n, rate, step / replica.gained, np.zeros_like(n))
