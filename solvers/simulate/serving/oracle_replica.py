"""One replica: its ranks, the batches that it has in flight, and when it may schedule the next one.

Batches in flight: one for each pipeline stage. With one stage and a host that prepares the next step meanwhile
(`overlapped`, vLLM's async scheduling) two: one runs and one is ready, scheduled when the one before the running one
ended. A draft must be judged before the next one, so speculation has one in flight.
"""

from collections import deque
from dataclasses import dataclass

from solvers.simulate.serving.case import Pool
from solvers.simulate.serving.oracle_jobs import Run
from solvers.simulate.serving.oracle_rank import Rank
from solvers.simulate.serving.oracle_seconds import BatchSeconds, batch_seconds


@dataclass(frozen=True)
class Batch:
    """What each rank runs, from when it was scheduled to when its tokens are out."""

    ranks: list[list[Run]]
    start_s: float
    end_s: float
    busy_s: float
    waiting: int
    blocks: int


class Replica:
    """A replica of a pool; `number` counts over all pools."""

    def __init__(self, pool: Pool, *, number: int) -> None:
        engine = pool.engine
        self.number = number
        self.role = pool.role
        self.engine = engine
        self.cost = pool.cost
        self.lookahead = bool(pool.cost.overlapped) and engine.stages == 1 and engine.speculation is None
        self.depth = 2 if self.lookahead else engine.stages
        self.ranks = [Rank(engine, lookahead=self.lookahead) for _ in range(engine.ranks)]
        self.rank_of: dict[int, Rank] = {}
        self.flights: deque[Batch] = deque()
        self.stage_free_s = [0.0] * engine.stages
        self.host_free_s = 0.0
        self.link_free_s = 0.0
        self.on_the_way = 0

    @property
    def work(self) -> int:
        """Tokens that it has yet to prefill, and one for each of its requests."""
        requests = sum(len(rank.waiting) + len(rank.running) for rank in self.ranks)
        return sum(rank.tokens_left for rank in self.ranks) + requests + self.on_the_way

    @property
    def ready_s(self) -> float:
        """From when it may schedule; infinite while as many batches are in flight as may be."""
        if len(self.flights) >= self.depth:
            return float("inf")
        return self.host_free_s if self.lookahead else self.stage_free_s[0]

    @property
    def has_work(self) -> bool:
        """Whether any request waits or runs."""
        return any(rank.waiting or rank.running for rank in self.ranks)

    def schedule(self, now_s: float) -> list[Batch]:
        """Every batch that can start now."""
        batches = []
        while self.ready_s <= now_s:
            runs = [rank.schedule() for rank in self.ranks]
            if any(runs):
                batches.append(self._launch(runs, now_s))
            elif not any(rank.preempted for rank in self.ranks):
                break
        return batches

    def _launch(self, runs: list[list[Run]], now_s: float) -> Batch:
        speculation = self.engine.speculation
        seconds = batch_seconds(runs, self.cost, draft_s=speculation.draft_s if speculation else 0.0)
        end_s = self._ahead(seconds, now_s) if self.lookahead else self._through_stages(seconds, now_s)
        batch = Batch(
            ranks=runs,
            start_s=now_s,
            end_s=end_s,
            busy_s=seconds.device_s / self.engine.stages,
            waiting=sum(len(rank.waiting) for rank in self.ranks),
            blocks=sum(rank.pool.in_use for rank in self.ranks),
        )
        self.flights.append(batch)
        return batch

    def _ahead(self, seconds: BatchSeconds, now_s: float) -> float:
        """The host prepares it now; the device runs it when both are there."""
        self.host_free_s = now_s + seconds.host_s
        self.stage_free_s[0] = max(self.host_free_s, self.stage_free_s[0]) + seconds.device_s
        return self.stage_free_s[0]

    def _through_stages(self, seconds: BatchSeconds, now_s: float) -> float:
        """Stage by stage, none before the batch ahead has left it."""
        stage_s = seconds.device_s / self.engine.stages
        first_s = max(stage_s, seconds.host_s) if self.cost.overlapped else seconds.host_s + stage_s
        self.stage_free_s[0] = now_s + first_s
        for stage in range(1, self.engine.stages):
            arrives_s = self.stage_free_s[stage - 1] + seconds.hop_s
            self.stage_free_s[stage] = max(arrives_s, self.stage_free_s[stage]) + stage_s
        return self.stage_free_s[-1]
