"""A request at one replica, and its part of a batch."""

from dataclasses import dataclass, field, replace

from solvers.simulate.serving.case import Requests
from solvers.simulate.serving.oracle_blocks import Key


@dataclass(eq=False)
class Job:
    """What a replica knows of a request.

    `computed` tokens have their keys and values in `blocks` (or will have, when the batches in flight end), `generated`
    are known, `coming` will be when those batches end. It is prefilled while `computed` is below `prefill_end`.
    """

    request: int
    input: int
    output: int
    prefix: int
    prefix_tokens: int
    priority: int
    generated: int = 0
    computed: int = 0
    prefill_end: int = 0
    coming: int = 0
    flights: int = 0
    decodes: int = 0
    preemptions: int = 0
    received: bool = False
    hit_tokens: int = -1
    named: int = 0
    blocks: list[int] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """Tokens that are known: the input and what was generated."""
        return self.input + self.generated

    @property
    def prefilling(self) -> bool:
        """Whether it still has chunks to run."""
        return self.computed < self.prefill_end

    def keys(self, count: int, block_size: int) -> list[Key]:
        """What is in its first blocks: the shared prefix's as long as they lie inside of it, then its own."""
        shared = self.prefix_tokens // block_size if self.prefix >= 0 else 0
        return [(0, self.prefix, place) if place < shared else (1, self.request, place) for place in range(count)]


@dataclass(frozen=True)
class Run:
    """The part of a job in a batch: `tokens` run after `context` that are there; `gives` where a token comes of it.

    `decode` is its number among the job's decodes, `preemptions` how often the job had been sent back by then.
    """

    job: Job
    tokens: int
    context: int
    chunk: bool
    gives: bool
    decode: int
    preemptions: int


def job_of(requests: Requests, request: int, *, first_token_only: bool) -> Job:
    """The request as it arrives; a prefill replica owes its first token only."""
    return Job(
        request=request,
        input=int(requests.input_tokens[request]),
        output=1 if first_token_only else int(requests.output_tokens[request]),
        prefix=int(requests.prefix[request]),
        prefix_tokens=min(int(requests.prefix_tokens[request]), int(requests.input_tokens[request])),
        priority=int(requests.priority[request]),
    )


def job_received(job: Job, *, output: int) -> Job:
    """The request at its decode replica, with its input's keys and values and its first token."""
    return replace(
        job, output=output, computed=job.input, prefill_end=job.input, received=True, blocks=[], named=0, hit_tokens=0,
        preemptions=0,
    )  # fmt: skip
