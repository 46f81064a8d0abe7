"""Branch and bound over every arrangement of islands.

rows in the order of their bounds; a row whose bound exceeds the tenth best step so far cannot matter any more
gap = 1 - (least of the bounds of what was not decided) / best
"""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.cost.layouts import Floats
from solvers.training.islands.arrangements import Arrangement, arrangements, orders
from solvers.training.islands.kernel import Kernel, kernel_of
from solvers.training.islands.laid import SLOWER, Laid, bounds, evaluate
from solvers.training.islands.scale import Scale, scale_of
from solvers.training.islands.spec import Island, IslandsSpec
from solvers.training.islands.ways import Ways, ways_of

KEPT = 10
BATCH = 128
MOST_ROWS = 6_000
MOST_ORDERS = 24

Seen = Callable[[int, int, Laid | None], None]


@dataclass(frozen=True)
class Branch:
    """One arrangement: its rows with their bounds, and the islands' kernels for its ways of cutting a layer."""

    arrangement: Arrangement
    ways: Ways
    kernels: dict[int, Kernel]
    bound: Floats
    scale: Scale


@dataclass(frozen=True)
class Searched:
    """What was found: plans, how many rows there were, why others are none, and what the undecided cannot go below.

    `floor` is what everything that was cut off for its bound cannot go below; both are values of the objective.
    """

    laid: tuple[Laid, ...]
    candidates: int
    rejected: dict[str, int]
    undecided: float
    floor: float


def unwatched(done: int, total: int, best: Laid | None) -> None:
    """The listener of a search that nobody watches."""


def kind_of(island: Island) -> Hashable:
    """Islands of one kind are interchangeable."""
    return island.node.model_dump_json(), island.nodes, island.usd_per_gpu_hour


def search(spec: IslandsSpec, *, beside: Sequence[float] = (), seen: Seen = unwatched) -> Searched:
    """Every arrangement of two islands or more; `beside` are objectives of plans that are known already."""
    kinds = [kind_of(island) for island in spec.hardware.islands]
    rejected: Counter[str] = Counter()
    branches = [
        branch
        for arrangement in arrangements(kinds)
        if sum(len(group) for group in arrangement) > 1
        and (branch := _branch(spec, arrangement, kinds, rejected)) is not None
    ]
    candidates = sum(rejected.values()) + sum(branch.ways.size for branch in branches)
    best = _Best(sorted(beside))
    found, undecided = _bounded(spec, branches, kinds, rejected, best, seen)
    return Searched(tuple(found), candidates, dict(sorted(rejected.items())), undecided, best.worst)


class _Best:
    """The objectives of the best plans so far."""

    def __init__(self, values: Sequence[float]) -> None:
        self._values = list(values)[:KEPT]

    def add(self, value: float) -> None:
        """One more plan."""
        insort(self._values, value)
        del self._values[KEPT:]

    @property
    def worst(self) -> float:
        """The last of the best ten; infinite while there are fewer."""
        return self._values[-1] if len(self._values) == KEPT else np.inf


def _branch(
    spec: IslandsSpec, arrangement: Arrangement, kinds: list[Hashable], rejected: Counter[str]
) -> Branch | None:
    ways = ways_of(spec, arrangement, rejected)
    if ways is None:
        return None
    used = [island for group in arrangement for island in group]
    gpus = sum(spec.hardware.islands[island].gpus for island in used)
    made: dict[Hashable, Kernel] = {}
    for island in used:
        if kinds[island] not in made:
            made[kinds[island]] = kernel_of(spec, spec.hardware.islands[island], ways.shards, gpus=gpus)
    kernels = {island: made[kinds[island]] for island in used}
    scale = scale_of(spec, used)
    bound = bounds(ways, kernels)
    if late := int((bound > scale.limit_s).sum()):
        rejected[f"misses the {scale.limit}"] += late
        ways, bound = ways.take(bound <= scale.limit_s), bound[bound <= scale.limit_s]
    return Branch(arrangement, ways, kernels, bound, scale)


def _bounded(
    spec: IslandsSpec,
    branches: list[Branch],
    kinds: list[Hashable],
    rejected: Counter[str],
    best: _Best,
    seen: Seen,
) -> tuple[list[Laid], float]:
    """The plans found, and the least bound among rows that were not decided."""
    if not branches:
        return [], np.inf
    bound = np.concatenate([branch.scale.offset + branch.scale.weight * branch.bound for branch in branches])
    which = np.repeat(np.arange(len(branches)), [branch.ways.size for branch in branches])
    row = np.concatenate([np.arange(branch.ways.size) for branch in branches])
    queue = np.argsort(bound, kind="stable")
    names = [island.name for island in spec.hardware.islands]
    found: list[Laid] = []
    fastest: Laid | None = None
    done = 0
    while done < min(len(queue), MOST_ROWS) and bound[queue[done]] < best.worst:
        batch = queue[done : done + BATCH]
        for index in np.unique(which[batch]):
            branch = branches[int(index)]
            chosen = branch.ways.take(row[batch[which[batch] == index]])
            for laid in _in_every_order(branch, chosen, kinds, rejected, names, best):
                found.append(laid)
                fastest = laid if fastest is None or laid.step_time_s < fastest.step_time_s else fastest
        done += len(batch)
        seen(done, len(queue), fastest)
    if done < len(queue):
        rejected[SLOWER] += len(queue) - done
    undecided = float(bound[queue[done]]) if done < len(queue) else np.inf
    return found, undecided


def _in_every_order(
    branch: Branch, ways: Ways, kinds: list[Hashable], rejected: Counter[str], names: list[str], best: _Best
) -> list[Laid]:
    """The best of all orders of each row, where it is within the limits."""
    scale = branch.scale
    cutoff = min(scale.limit_s, (best.worst - scale.offset) / scale.weight)
    fastest: list[Laid | None] = [None] * ways.size
    reasons: Counter[str] = Counter()
    for ordered in _orders(branch.arrangement, kinds):
        reasons = Counter()
        for place, laid in enumerate(evaluate(ways, ordered, branch.kernels, reasons, names, cutoff=cutoff)):
            now = fastest[place]
            if laid is not None and (now is None or laid.step_time_s < now.step_time_s):
                fastest[place] = laid
    kept = []
    for laid in fastest:
        if laid is not None and laid.step_time_s > scale.limit_s:
            rejected[f"misses the {scale.limit}"] += 1
        elif laid is not None:
            kept.append(laid)
            best.add(scale.value(laid.step_time_s))
    left = sum(laid is None for laid in fastest)
    for reason, count in reasons.most_common():
        rejected[reason] += min(left, count)
        left -= min(left, count)
    if left:
        rejected["no whole shares of the batch"] += left
    return kept


def _orders(arrangement: Arrangement, kinds: list[Hashable]) -> list[Arrangement]:
    """Every order of every group, one group after the other."""
    found: list[Arrangement] = [()]
    for group in arrangement:
        found = [(*before, order) for before in found for order in orders(group, kinds, most=MOST_ORDERS)]
    return found[:MOST_ORDERS]


def size_of(spec: IslandsSpec) -> int:
    """How many candidates the arrangements have."""
    rejected: Counter[str] = Counter()
    kinds = [kind_of(island) for island in spec.hardware.islands]
    rows = 0
    for arrangement in arrangements(kinds):
        if sum(len(group) for group in arrangement) > 1:
            ways = ways_of(spec, arrangement, rejected)
            rows += 0 if ways is None else ways.size
    return rows + sum(rejected.values())
