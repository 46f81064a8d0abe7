"""A model laid out over islands: rows of an arrangement with their layers, shares of the batch, seconds and bytes.

    one group     T = (m - 1) max_s F_s + sum_s F_s + embedding + max_s after_s
    several       T = max_g T_g(m_g), the layers of each stage the same in all groups (their gradients must match)
after_s: what a stage's data parallelism, its exchange with other groups and its optimizer add once the passes are done.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.cost.layouts import Floats, Ints
from solvers.training.islands.arrangements import Arrangement
from solvers.training.islands.crossing import crossing_seconds, least_crossing
from solvers.training.islands.kernel import Kernel
from solvers.training.islands.pipelines import Pipelines, after_seconds, peak_of_row, pipelines_of, room
from solvers.training.islands.shares import shares
from solvers.training.islands.split import least_limits, split
from solvers.training.islands.ways import Ways

SHORT = "need more memory than island"
SLOWER = "slower by its bound than the best ten"


@dataclass(frozen=True, eq=False)
class Laid:
    """One row: `groups` names the islands of each group along its pipeline; `micro_batches` is by group.

    `least_s` is what its passes cannot go below with any layers and shares; `memory_bytes` the fullest stage's.
    """

    groups: Arrangement
    ways: Ways
    kernels: Mapping[int, Kernel]
    held: tuple[int, ...]
    micro_batches: tuple[int, ...]
    step_time_s: float
    least_s: float
    memory_bytes: float

    @property
    def islands(self) -> tuple[int, ...]:
        """All that it uses, in the order of the spec."""
        return tuple(sorted(island for group in self.groups for island in group))

    def stages_on(self, island: int) -> int:
        """How many stages stand on an island."""
        places = [place for group in self.ways.arrangement for place in group]
        return int(self.ways.stages[0][places.index(island)])


@dataclass(frozen=True)
class _Timed:
    """A group with its layers: T(m) = fixed + each m."""

    fixed: float
    each: float
    after: float


def bounds(ways: Ways, kernels: Mapping[int, Kernel]) -> Floats:
    """Seconds that no row can go below: layers spread as if they could be cut, memory and seams left out.

    A group's slowest stage takes at least t_g = L / sum_k (p_k / a_k), a micro-batch's way through at least L min a_k,
    and what follows the passes x_g, so a step of T leaves a copy at most (T - x_g - L min a) / t_g + 1 micro-batches;
    the copies need all of them together.
    """
    need, pace = ways.parts.astype(np.float64), np.zeros(ways.size)
    for group in range(len(ways.arrangement)):
        least = _least(ways, kernels, group)
        copies = ways.copies[:, group]
        need = need + copies * ((least.through + least.after) / least.slowest - 1.0)
        pace = pace + copies / least.slowest
    found: Floats = need / pace
    return found + float(next(iter(kernels.values())).near.coefficients.step_overhead_s)


@dataclass(frozen=True)
class _Least:
    """What a group cannot go below, by row: its slowest stage, a micro-batch's way through, what follows the passes."""

    slowest: Floats
    through: Floats
    after: Floats


def _least(ways: Ways, kernels: Mapping[int, Kernel], group: int) -> _Least:
    groups, islands = len(ways.arrangement), ways.arrangement[group]
    layouts, none = ways.layouts(group, np.ones(ways.size)), np.zeros(ways.size)
    layers = int(kernels[islands[0]].near.architecture.layers)
    each: list[Floats] = []
    after: list[Floats] = []
    for kernel in (kernels[island] for island in islands):
        layer = kernel.layer_time(layouts)
        each.append(layer.total)
        after.append(least_crossing(kernel, layouts, layer, layers=layers, groups=groups) if groups > 1 else none)
    seconds = np.stack(each, axis=1)
    return _Least(
        slowest=layers / (ways.stages_of(group) / seconds).sum(axis=1),
        through=layers * seconds.min(axis=1),
        after=np.min(after, axis=0),
    )


def evaluate(
    ways: Ways,
    orders: Arrangement,
    kernels: Mapping[int, Kernel],
    rejected: Counter[str],
    names: Sequence[str],
    *,
    cutoff: float,
) -> list[Laid | None]:
    """Every row with the islands of each group in the order given.

    None, and a reason counted, where the layers do not fit or the step cannot come below `cutoff`.
    """
    layers = int(next(iter(kernels.values())).near.architecture.layers)
    groups = [_pipelines(ways, kernels, group, order) for group, order in enumerate(orders)]
    rooms = [room(pipelines, layers=layers) for pipelines in groups]
    most = np.min(rooms, axis=0)
    least = _least_steps(ways, kernels, groups, most, layers)
    found: list[Laid | None] = []
    for row in range(ways.size):
        here = groups[0].of_row(row)
        if (most[here] < 1).any() or most[here].sum() < layers:
            rejected[_why(groups, rooms, orders, names, row)] += 1
            found.append(None)
        elif least[row] >= cutoff:
            rejected[SLOWER] += 1
            found.append(None)
        else:
            found.append(_best(ways, orders, kernels, groups, most[here], row, layers, float(least[row])))
    return found


def _least_steps(
    ways: Ways, kernels: Mapping[int, Kernel], groups: Sequence[Pipelines], most: Ints, layers: int
) -> Floats:
    """As `bounds`, with whole layers, what fits in memory, and the seams."""
    need, pace = ways.parts.astype(np.float64), np.zeros(ways.size)
    for group, pipelines in enumerate(groups):
        slowest = least_limits(pipelines.seconds, pipelines.beside, most, pipelines.start, layers=layers)
        begin = pipelines.start[:-1]
        through = layers * np.minimum.reduceat(pipelines.seconds, begin) + np.add.reduceat(pipelines.beside, begin)
        copies = ways.copies[:, group]
        after = _least(ways, kernels, group).after
        need = need + copies * (np.maximum(through / slowest, 1.0) - 1.0 + after / slowest)
        pace = pace + copies / slowest
    found: Floats = need / pace
    return found + float(groups[0].order[0].near.coefficients.step_overhead_s)


def _pipelines(ways: Ways, kernels: Mapping[int, Kernel], group: int, order: Sequence[int]) -> Pipelines:
    share = _expected(ways, kernels)[group]
    counts = ways.stages_of(group)
    places = [ways.arrangement[group].index(island) for island in order]
    return pipelines_of([kernels[island] for island in order], counts[:, places], ways.layouts(group, share))


def _expected(ways: Ways, kernels: Mapping[int, Kernel]) -> list[Floats]:
    """Micro-batches of a copy if the batch were dealt out by speed alone; exact for one group."""
    if len(ways.arrangement) == 1:
        return [ways.parts / ways.copies[:, 0]]
    speeds = [1.0 / _least(ways, kernels, group).slowest for group in range(len(ways.arrangement))]
    together = sum(ways.copies[:, group] * speed for group, speed in enumerate(speeds))
    return [np.maximum(1.0, np.round(ways.parts * speed / together)) for speed in speeds]


def _why(
    groups: Sequence[Pipelines], rooms: Sequence[Ints], orders: Arrangement, names: Sequence[str], row: int
) -> str:
    """The island with least room a stage, as the reason."""
    tight = []
    for pipelines, most, order in zip(groups, rooms, orders, strict=True):
        here = pipelines.of_row(row)
        tight += [(int(m), names[order[place]]) for m, place in zip(most[here], pipelines.place[here], strict=True)]
    least, name = min(tight)
    return f"{SHORT} {name} has" if least else f"find no room for one layer on island {name}"


def _best(
    ways: Ways,
    orders: Arrangement,
    kernels: Mapping[int, Kernel],
    groups: Sequence[Pipelines],
    most: Ints,
    row: int,
    layers: int,
    least: float,
) -> Laid | None:
    """The best split that one of the groups would choose, with the shares that it allows."""
    best: tuple[float, Ints, Ints] | None = None
    for pipelines in groups:
        here = pipelines.of_row(row)
        times = float(pipelines.layouts.micro_batches[row])
        found = split(pipelines.seconds[here], pipelines.beside[here], most, layers=layers, micro_batches=times)
        if found is None:
            return None
        dealt = _with_shares(ways, groups, found[0], row)
        if dealt is not None and (best is None or dealt[0] < best[0]):
            best = (dealt[0], found[0], dealt[1])
        if len(groups) == 1:
            least = found[1] + _once(pipelines, row)
    if best is None:
        return None
    return Laid(
        groups=orders,
        ways=ways.take(np.array([row])),
        kernels=kernels,
        held=tuple(int(layers) for layers in best[1]),
        micro_batches=tuple(int(number) for number in best[2]),
        step_time_s=best[0],
        least_s=least,
        memory_bytes=max(peak_of_row(pipelines, row, best[1]) for pipelines in groups),
    )


def _once(pipelines: Pipelines, row: int) -> float:
    """Seconds of a step of one group beside its stages: the embedding and the step's overhead."""
    alone = pipelines.start[row + 1] - pipelines.start[row] == 1
    times = float(pipelines.layouts.micro_batches[row]) if alone else 1.0
    return times * float(pipelines.embedding[row]) + float(pipelines.order[0].near.coefficients.step_overhead_s)


def _with_shares(ways: Ways, groups: Sequence[Pipelines], held: Ints, row: int) -> tuple[float, Ints] | None:
    """Seconds of the step, and the micro-batches of a copy by group."""
    timed = [timed_group(pipelines, held, row, groups=len(groups)) for pipelines in groups]
    fixed, each, after = (np.array([getattr(t, name) for t in timed]) for name in ("fixed", "each", "after"))
    copies, total = ways.copies[row], int(ways.parts[row])
    if len(groups) == 1:
        numbers = np.array([total // int(copies[0])])
    else:
        dealt = shares(fixed + after, each, copies, total=total)
        if dealt is None:
            return None
        numbers = dealt
    return float((fixed + each * numbers + after).max()), numbers


def timed_group(pipelines: Pipelines, held: Ints, row: int, *, groups: int) -> _Timed:
    """A group's seconds as a line over its micro-batches, and what comes after the passes."""
    here = pipelines.of_row(row)
    flat = np.arange(here.start, here.stop)
    times = pipelines.seconds[here] * held + pipelines.beside[here]
    traffic, optimizer = after_seconds(pipelines, flat, held)
    crossing = crossing_seconds(pipelines, flat, held, groups=groups) if groups > 1 else 0.0
    alone = len(flat) == 1
    embedding = float(pipelines.embedding[row])
    overhead = float(pipelines.order[0].near.coefficients.step_overhead_s)
    return _Timed(
        fixed=float(times.sum() - times.max()) + overhead + (0.0 if alone else embedding),
        each=float(times.max()) + (embedding if alone else 0.0),
        after=float((traffic + crossing + optimizer).max()),
    )
