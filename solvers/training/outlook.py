"""What calibration says of the layouts that matter: times, intervals, and which is best how surely.

    time     median of the posterior predictive: the kernel's time, times exp(effects + discrepancy)
    draws    of all these layouts together, noise apart: neighbours err alike, so that ranks are surer than times
    regret   mean over draws of objective / least objective in the draw, - 1
The kernel orders the whole space; the posterior corrects the best LAYOUTS of it and those of the Pareto front, and
draws the best DRAWN of these. What lies beyond gets the middle correction, so that all times stay comparable.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.cost.layouts import Bools
from solvers.training import calibration
from solvers.training.evidence.batch import Batch, evaluate
from solvers.training.evidence.posterior import foreseen, relative_covariance
from solvers.training.pool import Pool, goal, nearest, pareto
from solvers.training.search import Found
from solvers.training.spec import TrainingSpec

LAYOUTS = 200
DRAWN = 100
BESIDE = 10
Sides = Callable[[Found], Iterable[Bools]]
DRAWS = 256
# Added to the variance of each layout before it is drawn: a hundredth of a per cent, squared.
JITTER = 1e-8


def points_that_matter(spec: TrainingSpec, pool: Pool, *, most: int, front: int, sides: Sides) -> Ints:
    """The `most` nearest points by objective and by time, the Pareto front, and the best of each side of a search."""
    first = goal(spec, pool)
    points = np.union1d(nearest(first, most=most), nearest(pool.step_time_s, most=most))
    shown = pareto(pool, most=front, keep=int(first.argmin())) if front else []
    points = np.union1d(points, np.array(shown, dtype=np.int64))
    for masks in zip(*(sides(one) for one in pool.found), strict=True):
        members = np.flatnonzero(np.concatenate(masks))
        points = np.union1d(points, members[nearest(first[members], most=BESIDE)])
    return points


def corrected(spec: TrainingSpec, pool: Pool, points: Ints) -> Pool:
    """The pool with what calibration says of `points`; what is not known gets the middle of what is."""
    batches = batches_of_points(spec, pool, points)
    seen, rows = foreseen(calibration.posterior(spec.calibration), batches, spec.software.stack)
    kernel = np.empty(len(points))
    for batch in batches:
        kernel[batch.owner] = np.log(evaluate(batch, pool.found[0].job.coefficients).seconds)
    beyond = calibration.CPU_FACTOR if calibration.is_beyond(spec) else 1.0
    low, high = (np.exp(end - seen.mean) for end in seen.interval())
    low, high = low / beyond, high * beyond
    told = {"factor": np.exp(seen.mean - kernel), "low": low, "high": high, "novelty": seen.novelty}
    place = pool.place.copy()
    place[points] = np.arange(len(points)) + (pool.seen.size if pool.seen else 0)
    known = place >= 0
    columns: dict[str, Any] = {
        name: _filled(getattr(pool, name), values, points, known) for name, values in told.items()
    }
    moved = columns["factor"] / pool.factor
    return replace(
        pool,
        place=place,
        seen=pool.seen.beside(rows) if pool.seen else rows,
        step_time_s=pool.step_time_s * moved,
        cost_usd=pool.cost_usd * moved,
        **columns,
    )


def drawn(spec: TrainingSpec, pool: Pool) -> Pool:
    """The pool with the expected regret of its best points, and how surely each is the best of them."""
    if spec.calibration == "prior" or pool.seen is None:
        return pool
    near = np.where(pool.known, goal(spec, pool), np.inf)
    points = np.argsort(near, kind="stable")[: min(DRAWN, int(pool.known.sum()))]
    covariance = relative_covariance(calibration.posterior(spec.calibration), pool.seen.take(pool.place[points]))
    root = np.linalg.cholesky(covariance + JITTER * np.eye(len(points)))
    draws = np.random.default_rng(spec.seed).standard_normal((len(points), DRAWS))
    values = np.log(goal(spec, pool)[points] / pool.handicap[points])[:, None] + root @ draws
    over = np.exp(values - values.min(axis=0))
    regret, chance = np.full(pool.size, np.inf), np.zeros(pool.size)
    regret[points] = over.mean(axis=1) - 1.0
    chance[points] = (over == 1.0).mean(axis=1)
    return replace(pool, regret=regret, probability_best=chance)


def batches_of_points(spec: TrainingSpec, pool: Pool, points: Ints) -> list[Batch]:
    """Points of a pool as the kernel's rows, those of one search together; owners count along `points`."""
    found = []
    for number, one in enumerate(pool.found):
        places = np.flatnonzero(pool.search[points] == number)
        if not places.size:
            continue
        layouts = one.layouts.take(pool.row[points[places]])
        shards = one.tables.shards.take(layouts.shard)
        hardware = calibration.hardware(spec, gpus=int(one.job.cluster.gpus))
        aligned = replace(layouts, shard=np.arange(layouts.size))
        # No measured run cuts its experts: what runs teach of a layout, they teach of it with its exchange whole.
        job = replace(one.job, stack=replace(one.job.stack, expert_pieces=False))
        found.append(Batch(job=job, hardware=hardware, shards=shards, layouts=aligned, owner=places))
    return found


def _filled(before: Floats, values: Floats, points: Ints, known: Bools) -> Floats:
    """The values at their points, those known before at theirs, the middle of all these everywhere else."""
    found = before.copy()
    found[points] = values
    return np.where(known, found, np.median(found[known]))
