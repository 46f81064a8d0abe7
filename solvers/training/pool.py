"""What several searches found, as one set of points: best ones, Pareto front, a sample of the rest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from solvers.calibration.covariance import Rows
from solvers.calibration.spread import evenly
from solvers.cost.layouts import Bools, Floats, Ints
from solvers.optimise.pareto import front
from solvers.training.plan import Choice, choice_of
from solvers.training.search import Found, meets
from solvers.training.spec import TrainingSpec

# Step times that differ by less than this are equal: rounding of sums, not a reason to prefer a layout.
EQUAL = 1e-9


@dataclass(frozen=True)
class Pool:
    """Points of all searches; `search` and `row` say where each comes from.

    Of calibration: `factor` by which it moved the kernel's time, `low` and `high` ends of the interval over the time,
    `novelty` (0 at a measured run, 1 far from all), the place among `seen` of a point that was corrected by itself (-1:
    it has the middle of those that were), expected `regret` and the chance of being best (infinite and 0 where not
    drawn). `seen` is what the covariance sees.
    """

    found: tuple[Found, ...]
    search: Ints
    row: Ints
    step_time_s: Floats
    memory_bytes: Floats
    cost_usd: Floats
    factor: Floats
    low: Floats
    high: Floats
    novelty: Floats
    place: Ints
    regret: Floats
    probability_best: Floats
    handicap: Floats
    seen: Rows | None = None

    @property
    def known(self) -> Bools:
        """Where a point was corrected by itself."""
        return self.place >= 0

    @property
    def size(self) -> int:
        """How many points there are."""
        return len(self.row)

    def kept(self, keep: Bools, lost: Sequence[Counter[str]]) -> "Pool":
        """The points that are kept, numbered anew; why each search's others are `lost` is counted."""
        found = tuple(one.kept(keep[self.search == n], lost[n]) for n, one in enumerate(self.found))
        names = [field.name for field in fields(self) if field.name not in ("found", "seen")]
        columns = {name: getattr(self, name)[keep] for name in names}
        row = np.concatenate([np.arange(one.feasible) for one in found])
        return Pool(**{**columns, "found": found, "row": row, "seen": self.seen})

    def choice(self, point: int) -> Choice:
        """One point as a layout."""
        found = choice_of(self.found[int(self.search[point])], int(self.row[point]))
        return replace(
            found,
            step_time_s=float(self.step_time_s[point]),
            memory_bytes=float(self.memory_bytes[point]),
            cost_usd=float(self.cost_usd[point]),
            factor=float(self.factor[point]),
            low=float(self.low[point]),
            high=float(self.high[point]),
            novelty=float(self.novelty[point]),
            regret=float(self.regret[point]),
            probability_best=float(self.probability_best[point]),
        )


def pool_of(found: list[Found]) -> Pool:
    """All that is feasible."""
    ones = np.ones(sum(f.feasible for f in found))
    return Pool(
        found=tuple(found),
        search=np.repeat(np.arange(len(found)), [f.feasible for f in found]),
        row=np.concatenate([np.arange(f.feasible) for f in found]),
        step_time_s=np.concatenate([f.step_time_s for f in found]),
        memory_bytes=np.concatenate([f.memory_bytes for f in found]),
        cost_usd=np.concatenate([f.cost_usd for f in found]),
        factor=ones,
        low=ones,
        high=ones,
        novelty=ones,
        place=np.full(len(ones), -1),
        regret=np.inf * ones,
        probability_best=0.0 * ones,
        handicap=np.concatenate([np.full(f.feasible, f.handicap) for f in found]),
    )


def within_limits(spec: TrainingSpec, pool: Pool) -> Pool:
    """The points whose times and dollars, as they are now, meet the spec's limits."""
    keep, lost = np.ones(pool.size, dtype=bool), [Counter[str]() for _ in pool.found]
    for number, found in enumerate(pool.found):
        mine = np.flatnonzero(pool.search == number)
        keep[mine] = meets(spec, pool.step_time_s[mine], pool.cost_usd[mine], found.factors, lost[number])
    return pool if keep.all() else pool.kept(keep, lost)


def objective(spec: TrainingSpec, pool: Pool) -> tuple[Floats, ...]:
    """What is to be small, the most important first."""
    match spec.objective:
        case "cost":
            factors = np.array([f.factors.cost for f in pool.found])
            return pool.cost_usd * factors[pool.search], pool.step_time_s
        case "energy":
            joules = np.concatenate([f.run_energy_j for f in pool.found])
            seconds = np.concatenate([f.step_time_s for f in pool.found])
            return joules * (pool.step_time_s / seconds), pool.step_time_s
        case "fewest_gpus":
            gpus = np.array([f.job.cluster.gpus for f in pool.found], dtype=np.float64)
            return gpus[pool.search], pool.step_time_s
    return (pool.step_time_s,)


def ranking(spec: TrainingSpec, pool: Pool) -> tuple[Floats, ...]:
    """By what layouts are chosen: their objective, that of refined ones times their handicap.

    Where regret was drawn: by 1 + expected regret in its place, and those that were not drawn after those that were.
    """
    keys = objective(spec, pool)
    if spec.objective == "fewest_gpus":
        return keys[0], *(_least_regret(pool, key * pool.handicap) for key in keys[1:])
    return tuple(_least_regret(pool, key * pool.handicap) for key in keys)


def goal(spec: TrainingSpec, pool: Pool) -> Floats:
    """The key of `ranking` that tells points on equally many GPUs apart."""
    return ranking(spec, pool)[-1 if spec.objective == "fewest_gpus" else 0]


def _least_regret(pool: Pool, values: Floats) -> Floats:
    drawn = np.isfinite(pool.regret)
    if not drawn.any():
        return values
    over = (1.0 + pool.regret) * pool.handicap
    return np.where(drawn, over, over[drawn].max() * values / values[drawn].min())


def best(spec: TrainingSpec, pool: Pool, *, most: int) -> list[int]:
    """The best points, best first; of points equal in objective and nearly so in time the one with least memory.

    Refined layouts count with their handicap.
    """
    keys = ranking(spec, pool)
    near = nearest(keys[0], most=200 * most)
    order = near[np.lexsort((pool.memory_bytes[near], *(_rounded(key[near]) for key in reversed(keys))))]
    kept: list[int] = []
    for point in order:
        if all(abs(pool.step_time_s[point] - pool.step_time_s[k]) > EQUAL * pool.step_time_s[k] for k in kept):
            kept.append(int(point))
        if len(kept) == most:
            break
    return kept


def nearest(values: Floats, *, most: int) -> Ints:
    """Indices of about the `most` smallest values."""
    if len(values) <= most:
        return np.arange(len(values))
    return np.flatnonzero(values <= np.partition(values, most)[most])


def _rounded(values: Floats) -> Floats:
    """Nine significant digits, so that equal layouts tie."""
    scale = 10.0 ** (9 - np.ceil(np.log10(np.clip(values, 1e-280, 1e280))))
    return np.where(np.isfinite(values), np.round(values * scale) / scale, values)


def pareto(pool: Pool, *, most: int, keep: int) -> list[int]:
    """Points that nothing beats in time, memory and cost; thinned evenly beyond `most`, the ends and `keep` kept."""
    several = len({f.nodes for f in pool.found}) > 1
    objectives = (pool.step_time_s, pool.memory_bytes, *((pool.cost_usd,) if several else ()))
    points = front(*(_rounded(values) for values in objectives))
    points = points[np.lexsort((pool.memory_bytes[points], pool.step_time_s[points]))]
    places = np.union1d(evenly(len(points), most), np.flatnonzero(points == keep))
    return [int(point) for point in points[places]]


def sample(pool: Pool, *, most: int, without: list[int]) -> list[int]:
    """Points spread evenly over the order of step time, those in `without` left out."""
    order = np.argsort(pool.step_time_s, kind="stable")
    left = order[~np.isin(order, without)]
    return [int(point) for point in left[evenly(len(left), most)]]
