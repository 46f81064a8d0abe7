"""What the counts must be for the load to be carried, said without shares [benders1962partitioning].

By duality of linear programmes (deal.py), replicas y carry the rates r[k] of a service exactly if for all prices p >= 0
    sum_c p[f(c)] factor[c] (1 - h) y[c]  >=  sum_k r[k] min_f a[k, f] p[f]
Each p gives one row for every hour, valid whatever the counts are: its right side costs K x F operations. Few of them
are ever needed, near the counts that are looked at. A scene is a state of things in which the load must be carried: all
is well; a zone is lost; a node of an offer is lost, with whatever replicas it may hold (nodes.py).
"""

from dataclasses import dataclass, field

import numpy as np

from solvers.fleet.programme.case import Bools, Floats, Programme
from solvers.fleet.programme.deal import Load, dealt, rough
from solvers.fleet.programme.families import Families, families_of
from solvers.fleet.programme.nodes import Lost, nodes_of

# A row may be missed by this share of its right side; answers are checked to ten times as much.
MISSED = 1e-7


@dataclass(frozen=True)
class Scene:
    """`gone` [C] configurations that are lost; others that lose some replicas; `room` of each replica."""

    service: int
    room: float
    gone: Bools
    lost: Lost = ()


@dataclass
class Pool:
    """Prices that were of use [N, F], and the right sides of their rows [N, T], in scenes with the same families.

    `enough` [n, F] are machines that carry an hour: what is asked for no more and has no less is carried too.
    """

    families: Families
    rates: Floats
    seconds: Floats
    direction: Floats
    prices: list[Floats] = field(default_factory=list)
    right: list[Floats] = field(default_factory=list)
    enough: dict[int, Floats] = field(default_factory=dict)

    def lost(self, hour: int) -> bool:
        """Whether a class with load has no family left in this hour."""
        return bool((self.rates[hour][~np.isfinite(self.seconds).any(axis=1)] > 0).any())

    def add(self, prices: Floats) -> int:
        """One more; its index, or -1 where it says nothing."""
        with np.errstate(invalid="ignore"):
            least = np.where(np.isfinite(self.seconds), self.seconds * prices, np.inf).min(axis=1)
        right = self.rates @ np.where(np.isfinite(least), least, 0.0)
        if not right.max() > 0:
            return -1
        self.prices.append(prices)
        self.right.append(right)
        return len(self.prices) - 1

    def missed(self, machines: Floats, hour: int) -> tuple[float, int]:
        """The largest share by which `machines` [F] miss a row of the hour, and which."""
        if not self.prices:
            return -np.inf, -1
        right = np.array(self.right)[:, hour]
        size = np.where(right > 0, right, 1.0)
        short = np.where(right > 0, (right - np.array(self.prices) @ machines) / size, -np.inf)
        worst = int(short.argmax())
        return float(short[worst]), worst

    def carried(self, machines: Floats, hour: int, *, roughly: bool) -> int:
        """-1 where `machines` [F] carry the load of the hour, else the index of a new row that says why not.

        `roughly`: by the prices of groups of classes, which is quick and may miss what is short by little.
        """
        if hour in self.enough and (machines >= self.enough[hour]).all(axis=1).any():
            return -1
        used = np.isfinite(self.seconds).any(axis=0)
        load = Load(self.rates[hour], self.seconds, machines, self.direction, sign=True)
        if roughly and used.all() and self.seconds.size > len(self.direction) * int(self.families.group.max() + 1):
            asked = load.rates > 0
            part = Load(load.rates[asked], self.seconds[asked], machines, self.direction)
            prices = np.maximum(rough(part, self.families.group[asked]).prices, 0.0)
        else:
            found = dealt(load, self.families)
            if found.u <= 0:
                self._is_enough(hour, machines)
                return -1
            prices = np.maximum(found.prices, 0.0)
        index = self.add(prices)
        if index < 0:
            return -1
        right = self.right[index][hour]
        if right - prices @ machines <= MISSED * right:
            self.prices.pop()
            self.right.pop()
            return -1
        return index

    def _is_enough(self, hour: int, machines: Floats) -> None:
        for at in np.flatnonzero((self.rates <= self.rates[hour]).all(axis=1)).tolist():
            known = self.enough.get(at, machines[:0].reshape(0, len(machines)))
            self.enough[at] = np.concatenate([known[(known < machines).any(axis=1)], machines[None]])


def scenes_of(programme: Programme) -> tuple[Scene, ...]:
    """All states of things in which the load must be carried."""
    count = len(programme.configurations)
    owner = np.array([one.service for one in programme.configurations], dtype=np.int64)
    offer = np.array([one.offer for one in programme.configurations], dtype=np.int64)
    found = []
    for service, rates in enumerate(programme.rates_per_s):
        if not rates.any():
            continue
        found.append(Scene(service, 1.0 - programme.head_room, np.zeros(count, dtype=bool)))
        for loss in programme.losses:
            gone = np.isin(offer, loss.offers)
            if loss.node:
                nothing = np.zeros(count, dtype=bool)
                found += [Scene(service, 1.0, nothing, lost) for lost in nodes_of(programme, service, loss.offers)]
            elif gone[owner == service].any():
                found.append(Scene(service, 1.0, gone))
    return tuple(found)


def pools_of(programme: Programme, scenes: tuple[Scene, ...]) -> tuple[Pool, ...]:
    """A pool for each scene, the same one for scenes with the same families."""
    families = [families_of(programme, service) for service in range(len(programme.rates_per_s))]
    known: dict[tuple[int, bytes], Pool] = {}
    return tuple(_pool(programme, scene, families[scene.service], known) for scene in scenes)


def _pool(programme: Programme, scene: Scene, families: Families, known: dict[tuple[int, bytes], Pool]) -> Pool:
    there = families.machines(np.where(scene.gone, 0.0, 1.0)) > 0
    key = (scene.service, there.tobytes())
    if key not in known:
        rates = programme.rates_per_s[scene.service]
        seconds = np.where(there, families.seconds, np.inf)
        work = rates.max(axis=0) @ np.where(np.isfinite(seconds), seconds, 0.0)
        known[key] = Pool(families, rates, seconds, np.where(work > 0, work, 1.0))
    return known[key]
