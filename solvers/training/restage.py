"""The best layouts once more, with their layers dealt to stages one by one and their pipelines simulated.

    looked at    the best hundred by closed form, the Pareto front, and for each technique the best with and without it:
                 their stages are costed layer by layer; more until the ten best are among them, and those whose plain
                 split is bad but that may be among the ten best with uneven stages (hope.py)
    simulated    what is looked at. Of very long pipelines the bubble is estimated first, and simulated are those among
                 the ten best, and whatever might be (by the largest error of the estimate so far)
A layout none of whose splits fits in memory is rejected here: the average layer let it pass.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from solvers.cost.layouts import Ints
from solvers.training.hope import saved_by_uneven_stages
from solvers.training.job import usable_bytes
from solvers.training.outlook import Sides
from solvers.training.pool import Pool, goal, pareto, ranking
from solvers.training.search import refusals
from solvers.training.spec import TrainingSpec
from solvers.training.staging import Staged, staged

LOOKED_AT, RANKED, BESIDE, FRONT, ROUNDS = 100, 10, 10, 60, 8
# Added to the largest error of the estimate seen so far.
SLACK = 1e-3
# Operations of a pipeline that is long: simulated only where it may be among the ten best.
LARGE = 20_000
# How much longer than the tenth best a layout may take whose stages are dealt plainly: beyond, nothing is hoped for.
LONGEST = 2.0
NO_SPLIT = "memory: no split of the layers over stages fits"


def restage(spec: TrainingSpec, pool: Pool, sides: Sides | None = None, *, looked_at: int = LOOKED_AT) -> Pool:
    """The pool, the best of it with stages; `sides` are groups whose best layouts are looked at as well.

    Without sides only the best of all is settled, after a look at the best `looked_at`.
    """
    board = Board(spec, pool)
    every = [np.arange(pool.size)]
    if sides is None:
        board.settle(every, look_at=looked_at)
        return board.result()
    groups = [*every, *board.groups(sides)]
    board.look(np.concatenate([board.best(looked_at), board.front(), *(board.best(BESIDE, one) for one in groups)]))
    board.settle(groups, look_at=BESIDE)
    board.rank()
    board.settle_even()
    board.look(board.front())
    return board.result()


class Board:
    """All points of a pool while they are looked at and simulated; seconds and dollars are calibration's."""

    def __init__(self, spec: TrainingSpec, pool: Pool) -> None:
        columns = {name: getattr(pool, name).copy() for name in ("step_time_s", "memory_bytes", "cost_usd")}
        self.spec, self.pool = spec, replace(pool, **columns)
        self.staged: dict[int, Staged] = {}
        self.errors = [0.0]
        self.lost: list[Counter[str]] = [Counter() for _ in pool.found]
        self.open = np.concatenate([f.layouts.pp > 1 for f in pool.found])
        self.unseen = self.open.copy()
        self.large = np.concatenate(
            [2.0 * f.layouts.pp * f.layouts.vpp * f.layouts.micro_batches > LARGE for f in pool.found]
        )

    def best(self, most: int, among: Ints | None = None) -> Ints:
        """The best points by what is known of them, best first."""
        places = np.arange(len(self.pool.row)) if among is None else among
        keys = [key[places] for key in ranking(self.spec, self.pool)]
        near = np.flatnonzero(keys[0] <= np.partition(keys[0], most)[most]) if len(places) > most else slice(None)
        places, keys = places[near], [key[near] for key in keys]
        order = np.lexsort((self.pool.memory_bytes[places], *reversed(keys)))[:most]
        return places[order][np.isfinite(keys[0][order])]

    def front(self) -> Ints:
        """The points of the Pareto front."""
        alive = np.flatnonzero(np.isfinite(self.pool.step_time_s))
        few = replace(
            self.pool,
            step_time_s=self.pool.step_time_s[alive],
            memory_bytes=self.pool.memory_bytes[alive],
            cost_usd=self.pool.cost_usd[alive],
        )
        return alive[pareto(few, most=FRONT, keep=-1)]

    def groups(self, sides: Sides) -> Iterable[Ints]:
        """The points of each side."""
        masks = zip(*(sides(f) for f in self.pool.found), strict=True)
        return [np.flatnonzero(np.concatenate(each)) for each in masks]

    def contenders(self) -> Ints:
        """Points seen, not simulated, that may be among the ten best if the estimate errs as it did at its worst."""
        last = self.best(RANKED)[-1:]
        slower = (1.0 + max(self.errors) + SLACK) * self.pool.step_time_s[last]
        seen = self.open & ~self.unseen & np.isfinite(self.pool.step_time_s)
        return np.flatnonzero(seen & (self.pool.step_time_s <= slower.max(initial=0.0)))

    def settle(self, groups: list[Ints], *, look_at: int) -> None:
        """Look until the best of each group is known."""
        for _ in range(ROUNDS):
            strange = [group for group in groups if self.unseen[self.best(1, group)].any()]
            if not strange:
                return
            self.look(np.concatenate([self.best(look_at, group) for group in strange]))

    def settle_even(self) -> None:
        """Look until the best of those with even stages is known: the verdict on uneven ones stands on it."""
        for _ in range(ROUNDS):
            longer = np.ones(self.pool.size)
            for point, one in self.staged.items():
                longer[point] = np.inf if one.plain_s is None else one.plain_s / one.step_time_s
            values = goal(self.spec, self.pool) * longer
            few = np.argsort(values, kind="stable")[:BESIDE]
            if not self.unseen[few[:1]].any():
                return
            self.look(few[np.isfinite(values[few])])

    def rank(self) -> None:
        """Look until the ten best have stages, and simulate whatever may be among them."""
        for _ in range(ROUNDS):
            if not self.unseen[self.best(RANKED)].any():
                break
            self.look(self.best(LOOKED_AT))
        if not self.spec.options.forbids("uneven_stages"):
            self.look(self.hopeful())
        self.simulate(self.best(RANKED))
        self.simulate(self.contenders())

    def hopeful(self) -> Ints:
        """Of the points that nobody looked at, at most a hundred that uneven stages can bring among the ten best."""
        values = goal(self.spec, self.pool)
        tenth = float(values[self.best(RANKED)].max(initial=0.0))
        near = np.flatnonzero(self.unseen & np.isfinite(values) & (values < LONGEST * tenth))
        hoped = np.full(len(near), np.inf)
        for number, f in enumerate(self.pool.found):
            mine = np.flatnonzero(self.pool.search[near] == number)
            rows = self.pool.row[near[mine]]
            saved = saved_by_uneven_stages(f, f.layouts.take(rows)) if mine.size else np.zeros(0)
            hoped[mine] = values[near[mine]] * (1.0 - saved / f.step_time_s[rows])
        able = np.flatnonzero(hoped < tenth)
        return near[able[np.argsort(hoped[able], kind="stable")[:LOOKED_AT]]]

    def look(self, points: Ints) -> None:
        """Stages for the points that have none; simulated, or with an estimate of the bubble where that is long."""
        points = np.unique(points)
        points = points[self.unseen[points]]
        self._stage(points[~self.large[points]], simulate=True)
        self._stage(points[self.large[points]], simulate=False)

    def simulate(self, points: Ints) -> None:
        """Stages and simulation for the points that were not simulated."""
        points = np.unique(points)
        self._stage(points[self.open[points]], simulate=True)

    def _stage(self, points: Ints, *, simulate: bool) -> None:
        for number, f in enumerate(self.pool.found):
            mine = points[self.pool.search[points] == number]
            if mine.size:
                ones = staged(
                    self.spec.model,
                    f.layouts.take(self.pool.row[mine]),
                    f.tables.shards,
                    f.job,
                    usable_bytes=usable_bytes(self.spec, f.job),
                    uneven=not self.spec.options.forbids("uneven_stages"),
                    simulate=simulate,
                )
                for point, one in zip(mine.tolist(), ones, strict=True):
                    self._set(point, one, simulate=simulate)

    def _set(self, point: int, one: Staged | None, *, simulate: bool) -> None:
        self.unseen[point] = False
        seconds = one.step_time_s * float(self.pool.factor[point]) if one else np.inf
        cost = float(self.pool.cost_usd[point] / self.pool.step_time_s[point]) * seconds
        refused = self._refused(point, seconds, cost) if one else Counter({NO_SPLIT: 1})
        if one is None or refused:
            self.lost[int(self.pool.search[point])].update(refused)
            self.open[point] = False
            self.staged.pop(point, None)
            self.pool.step_time_s[point] = self.pool.memory_bytes[point] = self.pool.cost_usd[point] = np.inf
            return
        if simulate:
            self.open[point] = False
            if point in self.staged:
                self.errors.append(abs(one.step_time_s / self.staged[point].step_time_s - 1.0))
        self.staged[point] = one
        self.pool.step_time_s[point] = seconds
        self.pool.cost_usd[point] = cost
        self.pool.memory_bytes[point] = one.memory_bytes

    def _refused(self, point: int, step_time_s: float, cost_usd: float) -> Counter[str]:
        factors = self.pool.found[int(self.pool.search[point])].factors
        return refusals(self.spec, step_time_s, cost_usd, factors)

    def result(self) -> Pool:
        """The points with what is known now; what no split makes fit, or breaks a limit, is rejected."""
        staged: list[dict[int, Staged]] = [{} for _ in self.pool.found]
        for point, one in self.staged.items():
            staged[int(self.pool.search[point])][int(self.pool.row[point])] = one
        found = (replace(f, staged=ones) for f, ones in zip(self.pool.found, staged, strict=True))
        return replace(self.pool, found=tuple(found)).kept(np.isfinite(self.pool.step_time_s), self.lost)
