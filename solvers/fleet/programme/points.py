"""One hour whose counts can be listed: all that cost little and keep the rows found so far, the cheapest first.

Points up to a cost a little above what fractions cost (solvers/optimise/lattice.py) are listed; the cheapest that the
shares allow is the answer, of those that cost the same the one with the fewest GPUs. Each that the shares forbid gives
a row; if none is left, the cost may be twice as much more. Of x of a kind a lost node that takes m leaves
max(0, x - m), which is x (u - m) / u at the most where x is u at the most: rows of such scenes are weakened by that to
list points, and hold as they are for what is listed. Only for hours of one service where replicas take whole units
(kinds.py). Else, and where there are too many points, HiGHS searches (block.py).
"""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Floats, Ints
from solvers.fleet.programme.kinds import Hour, units_of
from solvers.optimise.lattice import ROUNDING, Lattice, Points, points

# What the first points may cost more than fractions do (a share), also where a node may be lost (of N+1 fractions say
# little); and entries (parts of points x rows) that are held at once: 32 MB for each of a few arrays.
FIRST, FIRST_LOST, HELD = 0.01, 0.5, 4_000_000
# Digits to which costs are the same.
SAME = 12


@dataclass(frozen=True)
class Listed:
    """Units [O] and replicas [C] of the answer, and how many parts of points were looked at."""

    units: Ints
    replicas: Ints
    seen: int


class TooMany(Exception):
    """The points are too many to be listed."""


@dataclass(frozen=True)
class Sight:
    """A scene as kinds see it: what it takes of each [J], and the share [J] of them that it leaves at the most.

    `like` is the first scene with the same rows of prices.
    """

    lost: Ints
    chord: Floats
    like: int

    @property
    def whole(self) -> bool:
        """Whether it takes nothing of what it does not take altogether."""
        return not self.lost.any()

    def left(self, x: Ints) -> Ints:
        """What is left of points [M, J]."""
        there: Ints = x if self.whole else np.maximum(x - self.lost, 0)
        return there


def cheapest_point(hour: Hour, near: Floats, bound: float) -> Listed | None:
    """The best counts; None where there are none. `near` [C] replicas and `bound` are of the answer with fractions."""
    expected = np.array([near[kind.members].sum() for kind in hour.kinds])
    sights = _sights(hour)
    least, most = max(0.0, bound - hour.paid), sum(float(kind.cost[-1]) for kind in hour.kinds)
    first = FIRST if all(one.whole for one in sights) else FIRST_LOST
    more, seen = first * max([least, *(kind.first for kind in hour.kinds)]), 0
    rows = [_rows(hour, scene) if one.whole else np.zeros((0, len(one.lost))) for scene, one in enumerate(sights)]
    while True:
        cover = np.concatenate([each * one.chord for each, one in zip(rows, sights, strict=True)])
        lattice = Lattice(tuple(kind.cost for kind in hour.kinds), cover, np.ones(len(cover)), hour.used, hour.most)
        found = points(lattice, expected, highest=least + more, held=HELD // max(1, len(cover)))
        if found is None:
            raise TooMany
        seen += found.seen
        best = _carried(hour, found, sights, rows)
        if best is not None:
            return _listed(hour, best, seen)
        if least + more >= most:
            return None
        more *= 2.0


def _sights(hour: Hour) -> list[Sight]:
    known: dict[tuple[object, ...], int] = {}
    most = np.array([max(1, len(kind.cost) - 1) for kind in hour.kinds])
    found = []
    for place, (scene, pool) in enumerate(zip(hour.scenes, hour.pools, strict=True)):
        taken = dict(scene.lost)
        lost = np.array([taken.get(int(kind.members[0]), 0) for kind in hour.kinds], dtype=np.int64)
        like = known.setdefault((id(pool), scene.room, scene.gone.tobytes()), place)
        found.append(Sight(lost, np.maximum(most - lost, 0) / most, like))
    return found


def _rows(hour: Hour, scene: int, first: int = 0) -> Floats:
    """Rows of the pool of a scene from the `first` on, as shares of their right side: [R, J]."""
    pool, one = hour.pools[scene], hour.scenes[scene]
    if len(pool.prices) <= first:
        return np.zeros((0, len(hour.kinds)))
    right = np.array(pool.right[first:])[:, hour.at]
    prices = np.array(pool.prices[first:])[right > 0] / right[right > 0, None]
    heads = np.array([kind.members[0] for kind in hour.kinds])
    family, factor = pool.families.family[heads], np.where(one.gone[heads], 0.0, pool.families.factor[heads])
    rows: Floats = np.where(family >= 0, prices[:, family] * factor * one.room, 0.0)
    return rows


def _carried(hour: Hour, found: Points, sights: list[Sight], rows: list[Floats]) -> Ints | None:
    """The cheapest point that carries the load in every scene, of those the one with the fewest GPUs; or None.

    The rows that others miss are added to `rows`.
    """
    gpus = np.array([hour.programme.configurations[kind.members[0]].gpus for kind in hour.kinds])
    scale = float(np.abs(found.cost).max(initial=0.0)) or 1.0
    x = found.x[np.lexsort((found.x @ gpus, np.round(found.cost / scale, SAME)))]
    known = {like: _rows(hour, like) for like in {one.like for one in sights if not one.whole}}
    for sight in sights:
        x = x if sight.whole else _kept(x, sight, known[sight.like])
    while len(x):
        missed = _missed(hour, x[0])
        if missed < 0:
            best: Ints = x[0]
            return best
        x = _told(hour, missed, x, sights, rows)
    return None


def _told(hour: Hour, missed: int, x: Ints, sights: list[Sight], rows: list[Floats]) -> Ints:
    """The points [M, J] that keep to the last row of a scene's pool, in all scenes that share it.

    `rows` has it where it was missed and where nothing is lost: elsewhere it says little, as less is sure to be left.
    """
    pool = hour.pools[missed]
    sharing = [scene for scene, other in enumerate(hour.pools) if other is pool]
    new = {like: _rows(hour, like, len(pool.prices) - 1) for like in {sights[scene].like for scene in sharing}}
    for scene in sharing:
        one = sights[scene]
        x = _kept(x, one, new[one.like])
        if scene == missed or one.whole:
            rows[scene] = np.concatenate([rows[scene], new[one.like]])
    return x


def _kept(x: Ints, sight: Sight, rows: Floats) -> Ints:
    """The points [M, J] that keep rows [R, J] with what a scene leaves of them."""
    kept: Ints = x[(sight.left(x) @ rows.T >= 1.0 - ROUNDING).all(axis=1)]
    return kept


def _missed(hour: Hour, x: Ints) -> int:
    """The first scene whose load the point does not carry, a row of which is then the pool's last; -1 if none."""
    replicas = _replicas(hour, x).astype(np.float64)
    for index, (scene, pool) in enumerate(zip(hour.scenes, hour.pools, strict=True)):
        left = np.where(scene.gone, 0.0, replicas)
        for place, lost in scene.lost:
            left[place] = max(0.0, left[place] - lost)
        machines = scene.room * pool.families.machines(left)
        if pool.rates[hour.at].any() and pool.carried(machines, hour.at, roughly=False) >= 0:
            return index
    return -1


def _replicas(hour: Hour, x: Ints) -> Ints:
    replicas = np.zeros(len(hour.programme.configurations), dtype=np.int64)
    for kind, count in zip(hour.kinds, x, strict=True):
        replicas[kind.members] = kind.replicas[count]
    return replicas


def _listed(hour: Hour, x: Ints, seen: int) -> Listed:
    replicas = _replicas(hour, x)
    used = np.zeros(len(hour.market.price), dtype=np.int64)
    np.add.at(used, [one.offer for one in hour.programme.configurations], replicas * units_of(hour.programme))
    return Listed(hour.market.units(used), replicas, seen)
