"""The scheduler of one rank, with the semantics of vLLM V1.

Running requests first, in the order in which they were admitted: a decode gets its token (and drafts), a prefill what
the budget leaves. Who finds no free block sends the last one (or the worst by priority) back to the waiting, until
there is room or it went itself. Then, if nobody was sent back, the waiting are admitted in order, until one does not
fit. Source: vllm/v1/core/sched/scheduler.py and kv_cache_manager.py of vLLM 0.19 [kwon2023efficient].
"""

from solvers.simulate.serving.case import Engine
from solvers.simulate.serving.oracle_blocks import BlockPool
from solvers.simulate.serving.oracle_jobs import Job, Run


class Rank:
    """One scheduler with its queue, its running requests and its blocks."""

    def __init__(self, engine: Engine, *, lookahead: bool) -> None:
        self.engine = engine
        self.lookahead = lookahead
        self.drafts = engine.speculation.tokens if engine.speculation else 0
        self.pool = BlockPool(engine.blocks)
        self.running: list[Job] = []
        self.waiting: list[Job] = []
        self.preempted = False

    @property
    def load(self) -> int:
        """By which a request is given to the rank with the least (vLLM's data-parallel coordinator)."""
        return 4 * len(self.waiting) + len(self.running)

    @property
    def tokens_left(self) -> int:
        """Tokens that its requests have yet to prefill."""
        waiting = sum(job.tokens for job in self.waiting if not job.received)
        return waiting + sum(max(job.prefill_end - job.computed, 0) for job in self.running)

    def schedule(self) -> list[Run]:
        """The next batch; `preempted` says whether somebody was sent back for it."""
        self.preempted = False
        budget = self.engine.max_num_batched_tokens
        if self.engine.policy == "prefill_first":
            runs = self._admit(budget)
            runs = runs or self._go_on(budget)
        else:
            runs = self._go_on(budget)
            if not self.preempted:
                runs += self._admit(budget - sum(run.tokens for run in runs))
        for run in runs:
            self._launch(run)
        return runs

    def _go_on(self, budget: int) -> list[Run]:
        """Running requests in order."""
        runs: dict[Job, Run] = {}
        place = 0
        while place < len(self.running) and budget > 0:
            job = self.running[place]
            tokens = min(self._wanted(job), budget)
            if tokens and self._make_room(job, job.computed + tokens, runs):
                runs[job] = self._run(job, tokens)
            place = self.running.index(job) + 1 if job in self.running else len(self.running)
            budget = self.engine.max_num_batched_tokens - sum(run.tokens for run in runs.values())
        return list(runs.values())

    def _wanted(self, job: Job) -> int:
        if job.prefilling:
            return job.prefill_end - job.computed
        if job.generated + job.coming >= job.output or (job.flights and not self.lookahead):
            return 0
        return 1 + self.drafts

    def _make_room(self, job: Job, tokens: int, runs: dict[Job, Run]) -> bool:
        """Give the job blocks for so many tokens, at others' cost if need be; False where it went itself."""
        while True:
            new = self._blocks_of(tokens) - len(job.blocks)
            if self.pool.fits(new, []):
                self._give(job, new, tokens)
                return True
            victim = self._victim()
            self._preempt(victim)
            runs.pop(victim, None)
            if victim is job:
                return False

    def _victim(self) -> Job:
        if self.engine.policy == "priority":
            return max(self.running, key=lambda job: (job.priority, job.request))
        return self.running[-1]

    def _preempt(self, job: Job) -> None:
        """Back to the head of the queue: what was computed is lost, but for what its freed blocks still hold."""
        self.running.remove(job)
        self.pool.release(job.blocks)
        job.blocks, job.named, job.computed, job.received = [], 0, 0, False
        job.preemptions += 1
        self.waiting.insert(0, job)
        self.preempted = True

    def _admit(self, budget: int) -> list[Run]:
        """Waiting requests in order, until one does not fit."""
        runs = []
        while self.waiting and budget > 0 and len(self.running) < self.engine.max_num_seqs:
            job = self._next()
            hits = self._lookup(job)
            computed = job.input if job.received else len(hits) * self.engine.block_size
            wanted = 1 + self.drafts if job.received else job.tokens - computed
            tokens = min(wanted, budget)
            slots = computed + tokens
            whole = self.engine.policy == "prefill_first" or not self.engine.chunked_prefill
            if job.flights or (whole and tokens < wanted) or not self._fits(job, slots, hits):
                break
            self.waiting.remove(job)
            self.running.append(job)
            job.computed, job.prefill_end = computed, job.input if job.received else job.tokens
            job.hit_tokens = computed if job.hit_tokens < 0 else job.hit_tokens
            self.pool.touch(hits)
            job.blocks, job.named = hits, len(hits)
            self._give(job, self._blocks_of(slots) - len(hits), slots)
            runs.append(self._run(job, tokens))
            budget -= tokens
        return runs

    def _next(self) -> Job:
        if self.engine.policy == "priority":
            return min(self.waiting, key=lambda job: (job.priority, job.request))
        return self.waiting[0]

    def _lookup(self, job: Job) -> list[int]:
        """Cached blocks of all but its last token, which has to run so that there is a next one."""
        if job.received or not self.engine.prefix_caching:
            return []
        size = self.engine.block_size
        return self.pool.hits(job.keys((job.tokens - 1) // size, size))

    def _fits(self, job: Job, slots: int, hits: list[int]) -> bool:
        need = max(job.tokens, slots) if self.engine.reserve_whole else slots
        return self.pool.fits(self._blocks_of(need) - len(hits), hits)

    def _blocks_of(self, tokens: int) -> int:
        return -(-tokens // self.engine.block_size)

    def _give(self, job: Job, new: int, tokens: int) -> None:
        """New blocks; the full ones among those of known tokens can be hit from now on."""
        job.blocks += self.pool.take(max(new, 0))
        self.name(job, min(tokens, job.tokens))

    def name(self, job: Job, tokens: int) -> None:
        """Let the full blocks of the first tokens be hit."""
        if not self.engine.prefix_caching:
            return
        full = tokens // self.engine.block_size
        keys = job.keys(full, self.engine.block_size)
        for place in range(job.named, full):
            self.pool.name(job.blocks[place], keys[place])
        job.named = max(job.named, full)

    def _run(self, job: Job, tokens: int) -> Run:
        chunk = job.prefilling
        gives = not chunk or job.computed + tokens >= job.prefill_end
        return Run(job, tokens, job.computed, chunk, gives, job.decodes, job.preemptions)

    def _launch(self, run: Run) -> None:
        run.job.computed += run.tokens
        run.job.flights += 1
        run.job.coming += run.gives
        run.job.decodes += not run.chunk

    def leave(self, job: Job) -> None:
        """The job runs and waits no more; its blocks stay."""
        (self.running if job in self.running else self.waiting).remove(job)

    def free(self, job: Job) -> None:
        """Its blocks go back."""
        self.pool.release(job.blocks)
        job.blocks, job.named = [], 0
