"""Serving, simulated plainly: one event after the other, one token after the other, in ordinary Python.

This is the reference that the compiled engine equals. At one moment: batches end (replica by replica), transfers
arrive, requests arrive, and then every replica that may schedules. Tokens of a batch are out when it ends; a request
that has its last one leaves then. Disaggregated, the prefill replica gives the first token and keeps the blocks until
the input's keys and values have gone over the link of the decode replica, where the request then waits for blocks.
"""

import heapq
from dataclasses import dataclass
from math import inf

from solvers.simulate.serving.case import Deployment, Outcome, Requests
from solvers.simulate.serving.oracle_check import refuse_what_never_fits
from solvers.simulate.serving.oracle_diary import Diary
from solvers.simulate.serving.oracle_draws import accepted
from solvers.simulate.serving.oracle_jobs import Job, Run, job_of, job_received
from solvers.simulate.serving.oracle_rank import Rank
from solvers.simulate.serving.oracle_replica import Replica
from solvers.simulate.serving.oracle_routing import choose, choose_rank


def simulate_plainly(
    deployment: Deployment, requests: Requests, *, seed: int = 0, trace_of: int | None = None
) -> Outcome:
    """What becomes of each request. Raises SpecError for one that could never run."""
    refuse_what_never_fits(deployment, requests)
    return _Simulation(deployment, requests, seed=seed, trace_of=trace_of).run()


@dataclass(frozen=True)
class Transferred:
    """A request between two replicas: what holds its blocks here, and what it will be there."""

    here: Job
    rank: Rank
    there: Job
    target: Replica


class _Simulation:
    """The state between two events."""

    def __init__(self, deployment: Deployment, requests: Requests, *, seed: int, trace_of: int | None) -> None:
        self.deployment, self.requests, self.seed = deployment, requests, seed
        pools = [pool for pool in deployment.pools for _ in range(pool.replicas)]
        self.replicas = [Replica(pool, number=number) for number, pool in enumerate(pools)]
        self.entry = [replica for replica in self.replicas if replica.role != "decode"]
        self.decode = [replica for replica in self.replicas if replica.role == "decode"]
        self.arrivals: list[tuple[float, int]] = []
        self.transfers: list[tuple[float, int, Transferred]] = []
        self.sent = self.entered = self.transferred = 0
        self.diary = Diary(requests.size, replicas=len(self.replicas), trace_of=trace_of)

    def run(self) -> Outcome:
        """From the first request to the last token."""
        for _ in range(self.requests.concurrency or self.requests.size):
            self._send(0.0)
        now_s = -inf
        while (now_s := self._next_event_s(now_s)) < inf:
            self._end_batches(now_s)
            self._end_transfers(now_s)
            self._arrive(now_s)
            self._schedule(now_s)
        return self.diary.outcome()

    def _next_event_s(self, now_s: float) -> float:
        moments = [self.arrivals[0][0]] if self.arrivals else []
        moments += [self.transfers[0][0]] if self.transfers else []
        moments += [replica.flights[0].end_s for replica in self.replicas if replica.flights]
        moments += [replica.ready_s for replica in self.replicas if replica.has_work and replica.ready_s > now_s]
        return min(moments, default=inf)

    def _send(self, now_s: float) -> None:
        """The next request in order goes off, now or at its own moment."""
        if self.sent < self.requests.size:
            heapq.heappush(self.arrivals, (max(now_s, float(self.requests.arrival_s[self.sent])), self.sent))
            self.sent += 1

    def _end_batches(self, now_s: float) -> None:
        for replica in self.replicas:
            while replica.flights and replica.flights[0].end_s <= now_s:
                batch = replica.flights.popleft()
                for rank, runs in zip(replica.ranks, batch.ranks, strict=True):
                    for run in runs:
                        self._end_run(replica, rank, run, now_s)

    def _end_run(self, replica: Replica, rank: Rank, run: Run, now_s: float) -> None:
        job = run.job
        job.flights -= 1
        if not run.gives:
            return
        job.coming -= 1
        drafts = 0 if run.chunk else run.tokens - 1
        stand = self._accepted(replica, run, drafts)
        gained = min(1 + stand, job.output - job.generated)
        job.generated += gained
        self.diary.tokens(job.request, gained, now_s)
        if job.preemptions == run.preemptions:
            job.computed -= drafts - stand
            rank.name(job, min(job.computed - job.coming, job.tokens))
        if job.generated == job.output:
            self._leave(rank, job, now_s)

    def _accepted(self, replica: Replica, run: Run, drafts: int) -> int:
        speculation = replica.engine.speculation
        if speculation is None:
            return 0
        return accepted(speculation, drafts, seed=self.seed, request=run.job.request, decode=run.decode)

    def _leave(self, rank: Rank, job: Job, now_s: float) -> None:
        rank.leave(job)
        self.diary.left(job)
        output = int(self.requests.output_tokens[job.request])
        if job.generated < output:
            self._transfer(rank, job, job_received(job, output=output), now_s)
            return
        rank.free(job)
        self.diary.finished(job.request, now_s)
        if self.requests.concurrency:
            self._send(now_s)

    def _transfer(self, rank: Rank, here: Job, job: Job, now_s: float) -> None:
        """Over the link of the replica that will decode, after what it already has to carry."""
        link = self.deployment.transfer
        if link is None:
            raise ValueError("A prefill pool needs a transfer to its decode pool.")
        target = choose(self.decode, job, routing=self.deployment.routing, turn=self.transferred)
        self.transferred += 1
        target.on_the_way += 1
        target.link_free_s = max(now_s, target.link_free_s) + job.input * link.bytes_per_token / link.bytes_per_s
        there_s = target.link_free_s + link.latency_s
        heapq.heappush(self.transfers, (there_s, job.request, Transferred(here, rank, job, target)))

    def _end_transfers(self, now_s: float) -> None:
        while self.transfers and self.transfers[0][0] <= now_s:
            _moment, _request, transferred = heapq.heappop(self.transfers)
            transferred.rank.free(transferred.here)
            transferred.target.on_the_way -= 1
            choose_rank(transferred.target).waiting.append(transferred.there)

    def _arrive(self, now_s: float) -> None:
        while self.arrivals and self.arrivals[0][0] <= now_s:
            moment_s, request = heapq.heappop(self.arrivals)
            role = self.entry[0].role
            job = job_of(self.requests, request, first_token_only=role == "prefill")
            replica = choose(self.entry, job, routing=self.deployment.routing, turn=self.entered)
            self.entered += 1
            choose_rank(replica).waiting.append(job)
            self.diary.sent(request, moment_s, replica.number)

    def _schedule(self, now_s: float) -> None:
        for replica in self.replicas:
            for batch in replica.schedule(now_s):
                self.diary.batch(replica, batch)
