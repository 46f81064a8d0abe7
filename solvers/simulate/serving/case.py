"""What a simulation of serving is given and what it answers, for the oracle and the compiled engine alike."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from solvers.cost.serving.tables import StepCost

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Role = Literal["both", "prefill", "decode"]
Routing = Literal["round_robin", "least_work", "prefix_aware"]
Policy = Literal["fcfs", "priority", "prefill_first"]


@dataclass(frozen=True)
class Requests:
    """n requests in the order of their arrival. All arrays are [n].

    The first `prefix_tokens` of an input are those of every other request with the same `prefix` (-1: nobody's). A
    lower `priority` goes first. With a `concurrency` the loop is closed: so many clients, each of which sends its next
    request (the next in order) when its last is answered, and `arrival_s` is the earliest moment.
    """

    arrival_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    prefix: Ints
    prefix_tokens: Ints
    priority: Ints
    concurrency: int = 0

    @property
    def size(self) -> int:
        """How many requests there are."""
        return len(self.arrival_s)


@dataclass(frozen=True)
class Speculation:
    """A draft of `tokens` tokens each step, each of which is accepted with `acceptance` if all before it were.

    `draft_s` are the seconds in which the draft is made, added to each step that has decodes.
    """

    tokens: int
    acceptance: float
    draft_s: float = 0.0


@dataclass(frozen=True)
class Engine:
    """The settings of one engine, in vLLM's words; `blocks` is its pool of KV blocks, of one rank.

    `stages` are pipeline stages (so many batches are in flight), `ranks` attention's data-parallel ranks, each with its
    own pool and its own limits, stepping together. Without chunked prefill a prompt runs whole. With `reserve_whole`
    a request is admitted when the blocks of its whole prompt are free, not only those of its first chunk (vLLM's
    scheduler_reserve_full_isl, its default since 0.19). The policy "prefill_first" is vLLM's of 2023 and DistServe's
    baseline: whole prompts run in steps of their own, before any decode.
    """

    max_num_seqs: int
    max_num_batched_tokens: int
    blocks: int
    block_size: int = 16
    chunked_prefill: bool = True
    prefix_caching: bool = True
    policy: Policy = "fcfs"
    stages: int = 1
    ranks: int = 1
    speculation: Speculation | None = None
    reserve_whole: bool = True


@dataclass(frozen=True)
class Pool:
    """Equal replicas that do the same work."""

    role: Role
    replicas: int
    engine: Engine
    cost: StepCost


@dataclass(frozen=True)
class Transfer:
    """How the KV cache goes from prefill to decode: bytes of a token, the link of one decode replica, its latency.

    Transfers into one replica share its link, first come first served.
    """

    bytes_per_token: float
    bytes_per_s: float
    latency_s: float


@dataclass(frozen=True)
class Deployment:
    """One pool whose replicas do both, or a pool for prefill and one for decode with a transfer between them."""

    pools: tuple[Pool, ...]
    routing: Routing = "round_robin"
    transfer: Transfer | None = None


@dataclass(frozen=True)
class Trace:
    """One replica's steps, for its timeline: all arrays are [steps]. Tokens are those that ran; blocks those in use."""

    end_s: Floats
    seconds: Floats
    prefill_tokens: Ints
    decodes: Ints
    waiting: Ints
    blocks: Ints


@dataclass(frozen=True)
class Outcome:
    """What became of each request [n], in seconds; NaN where the simulation ended before it.

    `sent_s` is the moment it arrived (or its client sent it), `scheduled_s` that of its first step, `replica` where it
    was prefilled. `gaps` counts the seconds between tokens of one request in the bins that `GAP_EDGES` bound.
    """

    sent_s: Floats
    scheduled_s: Floats
    first_token_s: Floats
    finish_s: Floats
    preemptions: Ints
    cached_tokens: Ints
    replica: Ints
    steps: int
    end_s: float
    gaps: Ints
    busy_s: Floats = field(default_factory=lambda: np.zeros(0))
    trace: Trace | None = None

    @property
    def ttft_s(self) -> Floats:
        """Time to the first token of each request [n]."""
        return self.first_token_s - self.sent_s

    def tpot_s(self, output_tokens: Ints) -> Floats:
        """Mean time of each token after the first [n]; 0 where there is one only."""
        after = np.maximum(output_tokens - 1, 1)
        return np.where(output_tokens > 1, (self.finish_s - self.first_token_s) / after, 0.0)


GAP_EDGES: Floats = np.geomspace(1e-4, 1e2, 241)
"""Bounds of the bins of gaps between tokens: 40 to a decade, so a percentile is read to 6 %."""
