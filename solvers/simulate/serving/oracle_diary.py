"""What the plain simulation writes down while it runs, and the outcome that comes of it."""

import numpy as np

from solvers.simulate.serving.case import GAP_EDGES, Outcome, Trace
from solvers.simulate.serving.oracle_jobs import Job
from solvers.simulate.serving.oracle_replica import Batch, Replica


class Diary:
    """Moments and counts of every request, gaps between tokens, and the steps of one replica."""

    def __init__(self, requests: int, *, replicas: int, trace_of: int | None) -> None:
        self.sent_s, self.scheduled_s, self.first_s, self.last_s, self.finish_s = np.full((5, requests), np.nan)
        self.preemptions, self.cached_tokens = np.zeros((2, requests), dtype=np.int64)
        self.replica = np.full(requests, -1, dtype=np.int64)
        self.gaps = np.zeros(len(GAP_EDGES) + 1, dtype=np.int64)
        self.busy_s = np.zeros(replicas)
        self.steps = 0
        self.trace_of = trace_of
        self.trace: list[tuple[float, float, int, int, int, int]] = []

    def sent(self, request: int, now_s: float, replica: int) -> None:
        """The request arrived at the replica that prefills it."""
        self.sent_s[request] = now_s
        self.replica[request] = replica

    def batch(self, replica: Replica, batch: Batch) -> None:
        """A batch was scheduled."""
        runs = [run for rank in batch.ranks for run in rank]
        for run in runs:
            if np.isnan(self.scheduled_s[run.job.request]):
                self.scheduled_s[run.job.request] = batch.start_s
        self.steps += 1
        self.busy_s[replica.number] += batch.busy_s
        if replica.number == self.trace_of:
            prefilled = sum(run.tokens for run in runs if run.chunk)
            decodes = sum(not run.chunk for run in runs)
            seconds = batch.end_s - batch.start_s
            self.trace.append((batch.end_s, seconds, prefilled, decodes, batch.waiting, batch.blocks))

    def tokens(self, request: int, count: int, now_s: float) -> None:
        """So many tokens of a request came at once; its first has no gap before it."""
        if np.isnan(self.first_s[request]):
            self.first_s[request] = now_s
        else:
            self.gaps[np.searchsorted(GAP_EDGES, now_s - self.last_s[request], side="right")] += 1
        self.gaps[0] += count - 1
        self.last_s[request] = now_s

    def left(self, job: Job) -> None:
        """A job left a replica: what happened to it there."""
        self.preemptions[job.request] += job.preemptions
        self.cached_tokens[job.request] += job.hit_tokens

    def finished(self, request: int, now_s: float) -> None:
        """The last token of a request is out."""
        self.finish_s[request] = now_s

    def outcome(self) -> Outcome:
        """All of it, as arrays."""
        columns = np.array(self.trace, dtype=np.float64).reshape(-1, 6).T
        counts = columns[2:].astype(np.int64)
        return Outcome(
            sent_s=self.sent_s,
            scheduled_s=self.scheduled_s,
            first_token_s=self.first_s,
            finish_s=self.finish_s,
            preemptions=self.preemptions,
            cached_tokens=self.cached_tokens,
            replica=self.replica,
            steps=self.steps,
            end_s=float(np.nanmax(self.finish_s, initial=0.0)),
            gaps=self.gaps,
            busy_s=self.busy_s,
            trace=Trace(columns[0], columns[1], *counts) if self.trace_of is not None else None,
        )
