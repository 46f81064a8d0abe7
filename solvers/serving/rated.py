"""Setups of one role with what the static model says of each, worked out once for all questions that differ elsewhere.

Limits, rates and routing leave a replica's load as it is; techniques and precision decide which setups there are.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from solvers.cost.serving.memory import BLOCK_TOKENS
from solvers.serving.requests import Shape
from solvers.serving.setup import MOST_BATCHED_TOKENS, Setup, Shop, gained
from solvers.serving.space import Space, replicas
from solvers.serving.spec import ServingSpec
from solvers.serving.static import Floats, Load, Replicas, colocated, decoding, prefilling
from solvers.simulate.serving.case import Role

MODELS = {"both": colocated, "prefill": prefilling, "decode": decoding}
# What a role tells setups apart by: what it never uses is not varied for it.
APART: dict[Role, Callable[[Setup], Hashable]] = {
    "prefill": lambda setup: (setup.layout, setup.numerics, setup.max_num_batched_tokens),
    "decode": lambda setup: (setup.layout, setup.numerics, setup.max_num_seqs, setup.speculative),
}


@dataclass
class Rated:
    """Setups with the same tables together: their loads [S, n], the highest rates [S] and the least steps [S]."""

    setups: list[Setup]
    load: Load
    ceiling_per_s: Floats
    tpot_s: Floats


@dataclass
class Sheet:
    """All setups of one role, and how many were ruled out for which reason."""

    tables: list[Rated] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """How many there are, those that were ruled out among them."""
        return sum(len(table.setups) for table in self.tables) + sum(self.rejected.values())


def sheet(
    spec: ServingSpec, shop: Shop, shape: Shape, role: Role, *, tp: int | None, pp: int | None, longest: int
) -> Sheet:
    """The setups of a role that `spec`, the question of `shop` or one with other options, allows."""
    key = (role, tp, pp, longest, spec.gpus, spec.options, spec.precision)
    if key not in shop.sheets:
        space = replicas(spec, shop, tp=tp, pp=pp, longest=longest)
        shop.sheets[key] = Sheet(_rated(_narrowed(space, role), shop, shape, role), space.rejected)
    return shop.sheets[key]


def _narrowed(space: Space, role: Role) -> list[Setup]:
    """The first of setups that are the same for the role; prefill makes no drafts."""
    if role == "both":
        return space.setups
    found: dict[Hashable, Setup] = {}
    for setup in space.setups:
        found.setdefault(APART[role](setup), setup)
    return [replace(setup, speculative=False) if role == "prefill" else setup for setup in found.values()]


def _rated(setups: list[Setup], shop: Shop, shape: Shape, role: Role) -> list[Rated]:
    alike: dict[Hashable, list[Setup]] = {}
    for setup in setups:
        tokens = max(setup.max_num_batched_tokens, MOST_BATCHED_TOKENS)
        alike.setdefault((setup.layout, setup.numerics, setup.speculative, tokens), []).append(setup)
    found = []
    for some in alike.values():
        load = MODELS[role](replicas_of(some, shop, apart=role != "both"), shape)
        if role != "decode":
            waits = shop.waits(apart=role != "both")
            load = replace(load, ttft_s=load.ttft_s + waits.of(shape.inputs, load.tpot_s))
        found.append(Rated(some, load, load.rate_per_s.max(axis=1), load.tpot_s.min(axis=1)))
    return found


def replicas_of(setups: list[Setup], shop: Shop, *, apart: bool = False) -> Replicas:
    """What the static model reads of setups that share their tables."""
    first, draft = setups[0], shop.spec.speculation
    speculation = shop.speculation(first)
    limits = [(one.max_num_seqs, one.max_num_batched_tokens, (shop.blocks(one) - 1) * BLOCK_TOKENS) for one in setups]
    seqs, tokens, cache = np.array(limits, dtype=float).T[:, :, None]
    return Replicas(
        cost=shop.cost(first, apart=apart),
        stages=first.layout.pp,
        ranks=first.layout.dp,
        max_num_seqs=seqs,
        max_num_batched_tokens=tokens,
        cache_tokens=cache,
        drafts=speculation.tokens if speculation else 0,
        gained=gained(draft) if draft and speculation else 1.0,
        draft_s=speculation.draft_s if speculation else 0.0,
    )
