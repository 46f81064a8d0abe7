"""One replica as the search writes it down, and what the cost kernel says of it."""

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import Adapters, Layout, Limits, Numerics, ServingJob, Software
from solvers.cost.serving.lookup import curves_of
from solvers.cost.serving.memory import BLOCK_TOKENS, Memory, memory_of
from solvers.cost.serving.step import step_cost
from solvers.cost.serving.tables import StepCost
from solvers.serving.calibration import coefficients, draws, step_factor, waiting
from solvers.serving.doubt import DRAWS, drawn_offsets
from solvers.serving.engine import Draft
from solvers.serving.evidence.waiting import Waiting
from solvers.serving.first_token import Waits, drawn_waiting, effect, waits_of
from solvers.serving.own.document import ServingOwn
from solvers.serving.own_points import learned
from solvers.serving.spec import ServingSpec
from solvers.simulate.serving.case import Engine, Role, Speculation

if TYPE_CHECKING:
    from solvers.serving.rated import Sheet

# Tables are made once for the largest step that the search looks at.
MOST_BATCHED_TOKENS, MOST_SEQS = 16_384, 1_024
# Lengths that --max-model-len is rounded up to.
ROUND = 256


SECONDS = (
    "decode_tokens", "mixed_tokens", "shared_tokens", "sampled", "decode_base", "decode_context", "decode_window",
    "hop", "chunk", "pair", "pair_window", "context", "host", "host_sequence",
)  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """Layout, numbers and engine settings of one replica."""

    layout: Layout
    numerics: Numerics
    max_num_seqs: int
    max_num_batched_tokens: int
    chunked_prefill: bool = True
    prefix_caching: bool = True
    speculative: bool = False

    @cached_property
    def gpus(self) -> int:
        """GPUs of the replica."""
        return self.layout.gpus


def scaled(cost: StepCost, factor: float) -> StepCost:
    """The same tables, all seconds times `factor`."""
    return cost if factor == 1.0 else cost._replace(**{name: getattr(cost, name) * factor for name in SECONDS})


class Shop:
    """Step costs, memory and engines of one question, each worked out once."""

    def __init__(self, spec: ServingSpec, *, longest: int, context: float, load: Floats) -> None:
        self.spec, self.context, self.load = spec, context, load
        self.own = learned(spec)
        self.coefficients = self.own.coefficients if self.own else coefficients(spec.calibration)
        self.max_model_len = spec.constraints.max_model_len or -(-longest // ROUND) * ROUND
        self.sheets: dict[Hashable, Sheet] = {}
        self._costs: dict[tuple[Layout, Numerics, int, int, bool, bool], StepCost] = {}
        self._kernels: dict[tuple[Layout, Numerics, int, int], StepCost] = {}
        self._memory: dict[Setup, Memory] = {}

    @cached_property
    def adapters(self) -> Adapters | None:
        """The adapters in the kernel's words."""
        asked = self.spec.adapters
        return Adapters(count=asked.count, rank=asked.rank) if asked else None

    def job(self, setup: Setup) -> ServingJob:
        """The replica in the kernel's words."""
        limits = Limits(setup.max_num_batched_tokens, setup.max_num_seqs, self.max_model_len)
        software = Software(self.spec.engine.name, self.spec.engine.version)
        return ServingJob(
            model=self.spec.model, node=self.spec.hardware.node, layout=setup.layout, numerics=setup.numerics,
            software=software, limits=limits, adapters=self.adapters,
        )  # fmt: skip

    def cost(self, setup: Setup, *, apart: bool = False) -> StepCost:
        """Seconds of its steps, as calibrated; `apart` where prefill and decode have GPUs of their own."""
        tokens, seqs = max(setup.max_num_batched_tokens, MOST_BATCHED_TOKENS), max(setup.max_num_seqs, MOST_SEQS)
        key = (setup.layout, setup.numerics, tokens, seqs, apart, setup.speculative)
        if key not in self._costs:
            widest = replace(setup, max_num_batched_tokens=tokens, max_num_seqs=seqs)
            self._costs[key] = scaled(self._plain(widest), math.exp(self.bias(setup, apart=apart)[0]))
        return self._costs[key]

    def _plain(self, setup: Setup) -> StepCost:
        """Seconds of its steps, as the kernel has them: they know neither drafts nor who prefills."""
        key = (setup.layout, setup.numerics, setup.max_num_batched_tokens, setup.max_num_seqs)
        if key not in self._kernels:
            self._kernels[key] = step_cost(self.job(setup), self.coefficients)
        return self._kernels[key]

    def bias(self, setup: Setup, *, apart: bool) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm of a step's seconds over what the kernel says of it."""
        job, drafts = self.job(setup), self.drafts(setup)
        if self.own:
            return self.own.step_factor(job, load=self.load, disaggregated=apart, drafts=drafts)
        return step_factor(job, self.spec.calibration, load=self.load, disaggregated=apart, drafts=drafts)

    def drafts(self, setup: Setup) -> int:
        """Tokens that are drafted for a decode."""
        draft = self.spec.speculation
        return draft.tokens if draft and setup.speculative else 0

    @cached_property
    def draws(self) -> list[Coefficients]:
        """Coefficients from what is known of them."""
        if self.own:
            return self.own.coefficients_of(self._states)
        return draws(self.spec.calibration, count=DRAWS, seed=self.spec.seed)

    @cached_property
    def _states(self) -> Floats:
        return self.own.draws(count=DRAWS, seed=self.spec.seed) if self.own else np.zeros((DRAWS, 0))

    def offsets(self, setup: Setup, *, apart: bool) -> Floats:
        """What is added to the logarithm of a step's seconds beside each of `draws`."""
        if self.own:
            job, drafts = self.job(setup), self.drafts(setup)
            return self.own.offsets(self._states, job, load=self.load, disaggregated=apart, drafts=drafts)
        lent = 0.0 if isinstance(self.spec.calibration, ServingOwn) else curves_of(self.job(setup)).lent
        deviation = math.hypot(self.bias(setup, apart=apart)[1], lent)
        return drawn_offsets(deviation, count=DRAWS)

    def waits(self, *, apart: bool) -> Waits:
        """What a first token waits for beside steps."""
        return waits_of(self._waiting, engine=self.spec.engine.name, layers=self.spec.model.layers, apart=apart)

    @cached_property
    def _waiting(self) -> Waiting:
        return waiting(self.spec.calibration)

    @cached_property
    def drawn_waiting(self) -> list[Waiting]:
        """Coefficients of waiting from what is known of them, beside each of `draws`."""
        return drawn_waiting(self.spec.calibration, count=DRAWS, seed=self.spec.seed)

    def first_effect(self, setup: Setup, *, apart: bool) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm of a time to first token over what the model says of it."""
        job, drafts = self.job(setup), self.drafts(setup)
        return effect(job, self.spec.calibration, load=self.load, disaggregated=apart, drafts=drafts)

    def tokens_a_step(self, setup: Setup) -> float:
        """Tokens that a decode gives on average."""
        draft = self.spec.speculation
        return gained(draft) if draft and setup.speculative else 1.0

    def memory(self, setup: Setup) -> Memory:
        """Bytes of its fullest GPU, and its KV blocks."""
        if setup not in self._memory:
            share = self.spec.constraints.gpu_memory_utilization
            self._memory[setup] = memory_of(self.job(setup), utilization=share, context=self.context)
        return self._memory[setup]

    def blocks(self, setup: Setup) -> int:
        """KV blocks of one rank."""
        return self.memory(setup).blocks

    def engine(self, setup: Setup) -> Engine:
        """The replica in the simulator's words."""
        return Engine(
            max_num_seqs=setup.max_num_seqs,
            max_num_batched_tokens=setup.max_num_batched_tokens,
            blocks=self.blocks(setup),
            block_size=BLOCK_TOKENS,
            chunked_prefill=setup.chunked_prefill,
            prefix_caching=setup.prefix_caching,
            policy="priority" if self.spec.traffic.priorities else "fcfs",
            stages=setup.layout.pp,
            ranks=setup.layout.dp,
            speculation=self.speculation(setup),
        )

    def speculation(self, setup: Setup) -> Speculation | None:
        """The draft of a replica that uses one."""
        draft = self.spec.speculation
        if draft is None or not setup.speculative:
            return None
        return Speculation(draft.tokens, draft.acceptance, draft_s=self._draft_s(draft, setup))

    def _draft_s(self, draft: Draft, setup: Setup) -> float:
        """A draft model reads its 16-bit weights for each guess, cut over the replica's tensor-parallel GPUs."""
        gpu = self.spec.hardware.node.gpu
        read = 2.0 * (draft.parameters or 0.0) / setup.layout.tp
        return draft.tokens * read / (gpu.memory_bytes_per_s * gpu.achievable_memory)


def gained(draft: Draft) -> float:
    """Tokens that a step keeps on average: 1 + a + a^2 + ... [leviathan2023fast, equation 1]."""
    return float(sum(draft.acceptance**power for power in range(draft.tokens + 1)))


@dataclass(frozen=True)
class Group:
    """So many equal replicas of one role."""

    role: Role
    setup: Setup
    replicas: int

    @property
    def gpus(self) -> int:
        """All their GPUs."""
        return self.replicas * self.setup.gpus
