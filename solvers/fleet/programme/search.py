"""What a search over hours knows: its distinct hours with a model of each, what they found, and the best so far.

Hours that are alike in all that is asked and offered are one.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from solvers.fleet.programme.block import FEW_SHARES, ROUNDS, Block, Found, Question
from solvers.fleet.programme.case import Floats, Ints, Programme, Supply
from solvers.fleet.programme.counts import needed, objective_of
from solvers.fleet.programme.cuts import Pool, Scene, pools_of, scenes_of
from solvers.fleet.programme.kinds import kinds_of
from solvers.fleet.programme.rivals import rivals_of

# How near bound and answer have met, and digits, of the largest, to which hours are the same.
MET, SAME = 1e-9, 12
# Shares (classes x configurations x hours) up to which a search is exact; what is larger ends at LARGE_GAP of the
# value, its hours at a third of that: the figure that the planner is asked for at 1,000 x 20 x 24.
LARGE, LARGE_GAP = 100_000, 1e-3


@dataclass
class Search:
    """A programme without budgets, its distinct hours, a model of each, the best answer so far; `gap` where it ends."""

    programme: Programme
    gap: float
    scenes: tuple[Scene, ...]
    pools: tuple[Pool, ...]
    hours: Ints
    alike: Ints
    steady: Ints
    price: Floats
    blocks: list[Block]
    rivals: Ints
    useful: Ints
    needed: Ints
    kinds: tuple[Ints, ...] | None
    known: dict[tuple[int, ...], Found | None] = field(default_factory=dict)
    value: float = np.inf
    found: list[Found] = field(default_factory=list)
    units: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    solved: int = 0
    nodes: int = 0

    @property
    def times(self) -> Ints:
        """How many hours each distinct one stands for."""
        return np.bincount(self.alike)

    @property
    def rounds(self) -> int:
        """Rounds of rows for an answer with fractions: none where points are listed and a node may be lost.

        There are many scenes then, whose rows take longer than what they save.
        """
        return 0 if self.kinds is not None and any(scene.lost for scene in self.scenes) else ROUNDS


def search_of(programme: Programme, gap: float) -> Search:
    """A search that has found nothing yet."""
    hours, alike = distinct(programme)
    scenes = scenes_of(programme)
    pools = pools_of(programme, scenes)
    steady = np.flatnonzero([one.steady for one in programme.offers])
    # What is solved again with other prices many times is soonest solved with the rows that were found.
    few = 0 if len(steady) and len(hours) > 1 else FEW_SHARES
    blocks = [Block(Question(part_of(programme, one), one, scenes, pools), few=few) for one in hours[:, None]]
    price = objective_of(programme)[steady].sum(axis=1)
    classes = max((len(one.seconds) for one in pools), default=0)
    large = classes * len(programme.configurations) * len(hours) > LARGE
    met = max(gap, LARGE_GAP if large else MET)
    return Search(
        programme,
        met,
        scenes,
        pools,
        hours,
        alike,
        steady,
        price,
        blocks,
        rivals_of(programme, scenes, pools),
        _useful(programme)[:, hours],
        needed(programme),
        kinds_of(programme, scenes, pools),
    )


def distinct(programme: Programme) -> tuple[Ints, Ints]:
    """The first of each kind of hour, and the kind of every hour."""
    each = objective_of(programme)[[not one.steady for one in programme.offers]]
    most = [np.broadcast_to(one.most, programme.hours)[None] for one in programme.limits]
    asked = np.concatenate([each, *most, *(rates.T for rates in programme.rates_per_s)])
    size = np.abs(asked).max(axis=1, keepdims=True, initial=0.0, where=np.isfinite(asked))
    asked = np.round(asked / np.where(size > 0, size, 1.0), SAME) + 0.0
    kinds: dict[bytes, int] = {}
    alike = np.array([kinds.setdefault(hour.tobytes(), len(kinds)) for hour in np.ascontiguousarray(asked.T)])
    return np.unique(alike, return_index=True)[1], alike


def part_of(programme: Programme, hours: Ints, times: Ints | None = None) -> Programme:
    """Some hours of a programme; with `times` each is paid so often, and steady offers what all hours pay for them."""

    def paid(one: Supply, each: Floats) -> Floats:
        every = np.broadcast_to(each, programme.hours)
        if times is None:
            return every[hours]
        return np.full(len(hours), every.sum() / len(hours)) if one.steady else every[hours] * times

    return replace(
        programme,
        rates_per_s=tuple(rates[hours] for rates in programme.rates_per_s),
        offers=tuple(
            replace(
                one,
                price_usd=paid(one, one.price_usd),
                carbon_g=None if one.carbon_g is None else paid(one, one.carbon_g),
            )
            for one in programme.offers
        ),
        limits=tuple(replace(one, most=np.broadcast_to(one.most, programme.hours)[hours]) for one in programme.limits),
    )


def _useful(programme: Programme) -> Ints:
    """Units [O, T] of each offer beyond which there is nothing to do for them."""
    most, total = needed(programme), np.zeros((len(programme.offers), programme.hours), dtype=np.int64)
    for count, one in zip(most, programme.configurations, strict=True):
        total[one.offer] += count * one.gpus
    units: Ints = -(-total // np.array([one.gpus for one in programme.offers])[:, None])
    return units
