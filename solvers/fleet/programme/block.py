"""Some hours of the programme solved over the counts alone; rows that the shares ask for are added until they hold.

Columns   those of counts.py, and for each configuration c and number m of its replicas that a lost node takes in some
          scene, and each hour: z[t], what is left, and b[t] whether m were there:   z <= y - m b,  z <= (most - m) b
Method    first with fractions of counts, rows from prices of groups of classes; then whole numbers: solve, look for
          rows that the answer misses, add them, again, until it misses none. Every model on the way is a relaxation, so
          the last is exact. Where there are few shares they are columns of the model from the start (shares.py).
"""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Floats, Ints, Programme
from solvers.fleet.programme.counts import Counts, counts_of, needed, stacked
from solvers.fleet.programme.cuts import MISSED, Pool, Scene
from solvers.fleet.programme.shares import count_of, rows_of
from solvers.optimise.milp import Answer, Model, Rows

# Rounds with fractions, and how little of its value the last must have gained: whole numbers are better asked then.
ROUNDS, GAINED = 12, 1e-4

# Shares up to which they are columns (measured: 80 classes on 4 types are solved in a third of the time).
FEW_SHARES = 1_000

# Nothing is at least one: what no counts can do.
IMPOSSIBLE = Rows(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.ones(1), np.full(1, np.inf))


@dataclass(frozen=True)
class Question:
    """A programme of some hours: `hours` [H] are their places in the pools, which are of all hours."""

    part: Programme
    hours: Ints
    scenes: tuple[Scene, ...]
    pools: tuple[Pool, ...]


@dataclass(frozen=True)
class Found:
    """Columns of the counts, whole [N]; their value and its bound in the units of the objective; nodes searched."""

    x: Ints
    value: float
    bound: float
    nodes: int


class Block:
    """A model of some hours, with the rows found so far; up to `few` shares are columns of it."""

    def __init__(self, question: Question, *, few: int = FEW_SHARES) -> None:
        self.counts: Counts = counts_of(question.part)
        self._question = question
        self._left = _left(question, self.counts)
        size = self.counts.size + self._left.size
        self.cost = np.concatenate([self.counts.cost, np.zeros(self._left.size)])
        shares = count_of(question.pools, question.hours)
        self._began = shares <= few
        more = shares if self._began else 0
        self._model = Model(
            np.concatenate([self.cost, np.zeros(more)]),
            lower=np.zeros(size + more),
            upper=np.concatenate([self.counts.upper, self._left.upper, np.ones(more)]),
            whole=np.arange(size + more) < size,
        )
        self._model.add(stacked([self.counts.rows, self._left.rows]))
        if self._began:
            self._share(size)
        self._said: set[tuple[int, int, int]] = set()

    def _share(self, first: int) -> None:
        """Rows of shares that are columns from `first` on."""
        question, parts = self._question, []
        for place, (scene, pool) in enumerate(zip(question.scenes, question.pools, strict=True)):
            for hour, at in enumerate(question.hours.tolist()):
                if pool.rates[at].any():
                    parts.append(rows_of(scene, pool, at, self._left.columns[place][:, hour], first))
                    first += count_of([pool], question.hours[hour : hour + 1])
        if parts:
            self._model.add(stacked(parts))

    def add(self, rows: Rows) -> None:
        """More rows."""
        self._model.add(rows)

    def price(self, columns: Ints, cost: Floats) -> None:
        """Other costs of some columns, in the units of the objective."""
        self.cost[columns] = cost / self.counts.scale
        self._model.price(columns, self.cost[columns])

    def bound(self, columns: Ints, *, lower: Floats, upper: Floats) -> None:
        """Other bounds of some columns."""
        self._model.bound(columns, lower=lower, upper=upper)

    def relaxed(self, *, rounds: int = ROUNDS, gained: float = GAINED, roughly: bool = True) -> Answer:
        """The answer with fractions, or nearly: what is missed by little is left to the whole numbers."""
        answer = self._model.solve(fractions=True)
        for _ in range(rounds):
            if not answer.x.size or not self._say(answer.x, roughly=roughly):
                break
            before, answer = answer.value, self._model.solve(fractions=True)
            if answer.value - before <= gained * abs(before):
                break
        return answer

    def solve(self, *, gap: float = 0.0, nodes: int | None = None) -> Found | None:
        """The best whole counts, to a relative `gap` unless `nodes` end a search; None where there are none."""
        if not self._began:
            self._began = True
            self.relaxed()
            self._remind()
        searched = 0
        while True:
            answer = self._model.solve(gap=gap, nodes=nodes)
            searched += answer.nodes
            if not answer.x.size:
                return None
            x = np.rint(answer.x)
            if not self._say(x, roughly=False):
                scale = self.counts.scale
                counts = x[: self.counts.size]
                value = float(self.cost[: self.counts.size] @ counts) * scale
                return Found(counts.astype(np.int64), value, min(answer.bound * scale, value), searched)

    def _remind(self) -> None:
        """The rows that other blocks have found: what was of use there is likely to be here."""
        parts = []
        for scene, pool in enumerate(self._question.pools):
            room = self._question.scenes[scene].room
            for hour, at in enumerate(self._question.hours.tolist()):
                columns = self._left.columns[scene][:, hour]
                new = [
                    n for n in range(len(pool.prices)) if (scene, hour, n) not in self._said and pool.right[n][at] > 0
                ]
                self._said |= {(scene, hour, n) for n in new}
                parts += [_row(pool, n, at, columns, room) for n in new]
        if parts:
            self._model.add(stacked(parts))

    def _say(self, x: Floats, *, roughly: bool) -> bool:
        """Rows that `x` misses are added, the worst of each hour and scene; whether there were any."""
        parts = []
        for scene in range(len(self._question.scenes)):
            for hour in range(len(self._question.hours)):
                parts += self._missed(x, scene, hour, roughly=roughly)
        if parts:
            self._model.add(stacked(parts))
        return bool(parts)

    def _missed(self, x: Floats, scene: int, hour: int, *, roughly: bool) -> list[Rows]:
        one, pool, at = self._question.scenes[scene], self._question.pools[scene], int(self._question.hours[hour])
        if not pool.rates[at].any():
            return []
        if pool.lost(at):
            return [IMPOSSIBLE]
        columns = self._left.columns[scene][:, hour]
        replicas = np.where(columns >= 0, x[columns], 0.0)
        if not roughly:
            for place, lost in one.lost:
                replicas[place] = max(0.0, x[self.counts.replica[place, hour]] - lost)
        machines = one.room * pool.families.machines(replicas)
        short, index = pool.missed(machines, at)
        if short <= MISSED:
            index = pool.carried(machines, at, roughly=roughly)
        if index < 0 or (scene, hour, index) in self._said:
            return []
        self._said.add((scene, hour, index))
        return [_row(pool, index, at, columns, one.room)]


@dataclass(frozen=True)
class _Left:
    """More columns than counts have, and `columns` [scene][C, H]: where the replicas of a scene stand, -1 if gone."""

    columns: tuple[Ints, ...]
    upper: Floats
    rows: Rows

    @property
    def size(self) -> int:
        return len(self.upper)


def _left(question: Question, counts: Counts) -> _Left:
    most, hours = needed(question.part).astype(np.float64), len(question.hours)
    asked = dict.fromkeys(one for scene in question.scenes for one in scene.lost)
    stand = {one: counts.size + 2 * hours * n + np.arange(hours) for n, one in enumerate(asked)}
    upper = [np.zeros(0), *(part for place, _ in asked for part in (most[place], np.ones(hours)))]
    rows = [Rows(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0))]
    rows += [
        _node(int(there), int(left), int(left) + hours, lost, float(limit))
        for place, lost in asked
        for there, left, limit in zip(counts.replica[place], stand[place, lost], most[place], strict=True)
    ]
    columns = [np.where(scene.gone[:, None], -1, counts.replica) for scene in question.scenes]
    for scene, places in zip(question.scenes, columns, strict=True):
        for place, lost in scene.lost:
            places[place] = stand[place, lost]
    return _Left(tuple(columns), np.concatenate(upper), stacked(rows))


def _node(there: int, left: int, whole: int, lost: int, most: float) -> Rows:
    return Rows(
        row=np.array([0, 0, 0, 1, 1]),
        column=np.array([left, there, whole, left, whole]),
        value=np.array([1.0, -1.0, float(lost), 1.0, -max(0.0, most - lost)]),
        lower=np.full(2, -np.inf),
        upper=np.zeros(2),
    )


def _row(pool: Pool, index: int, hour: int, columns: Ints, room: float) -> Rows:
    """The row of these prices as a share of its right side."""
    families = pool.families
    mine = (families.family >= 0) & (columns >= 0)
    value = np.zeros(len(columns))
    value[mine] = pool.prices[index][families.family[mine]] * families.factor[mine] * room / pool.right[index][hour]
    used = np.flatnonzero(value)
    return Rows(
        row=np.zeros(len(used), dtype=np.int64),
        column=columns[used],
        value=value[used],
        lower=np.ones(1),
        upper=np.full(1, np.inf),
    )
