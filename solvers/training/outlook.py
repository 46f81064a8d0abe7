"""What calibration says of the layouts that matter: times, intervals, and which is best how surely.

    time     median of the posterior predictive: the kernel's time, times exp(effects + discrepancy)
    draws    of all these layouts together, noise apart: neighbours err alike, so that ranks are surer than times
    regret   mean over draws of objective / least objective in the draw, - 1
The kernel orders the whole space; the posterior corrects the best LAYOUTS of it and those of the Pareto front, and
draws the best DRAWN of these. What lies beyond gets the middle correction, so that all times stay comparable.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from solvers.calibration.covariance import Floats, Ints, Rows
from solvers.cost.cluster import hardware_of
from solvers.cost.layouts import Bools
from solvers.training.calibration import posterior
from solvers.training.evidence.batch import Batch, evaluate
from solvers.training.evidence.posterior import foreseen, relative_covariance
from solvers.training.pool import Pool, nearest, objective, pareto
from solvers.training.search import Found
from solvers.training.spec import TrainingSpec

LAYOUTS = 200
DRAWN = 100
BESIDE = 10
Sides = Callable[[Found], Iterable[Bools]]
DRAWS = 256
# Added to the variance of each layout before it is drawn: a hundredth of a per cent, squared.
JITTER = 1e-8


def learned_pool(spec: TrainingSpec, pool: Pool, *, front: int, sides: Sides) -> Pool:
    """The pool with calibrated times and intervals; of its best layouts how surely each is the best.

    `sides` are groups of a search's layouts whose best count as well.
    """
    points = _points(spec, pool, front=front, sides=sides)
    corrected, rows = _corrected(spec, pool, points)
    if spec.calibration == "prior":
        return corrected
    goal = objective(spec, corrected)[-1 if spec.objective == "fewest_gpus" else 0]
    closest = np.argsort(goal[points], kind="stable")[:DRAWN]
    spread = relative_covariance(posterior(spec.calibration), rows.take(closest))
    return _ranked(spec.seed, corrected, points[closest], np.log(goal[points[closest]]), spread)


def corrected_pool(spec: TrainingSpec, pool: Pool, *, front: int, sides: Sides) -> Pool:
    """The same without drawing how sure the ranks are."""
    return _corrected(spec, pool, _points(spec, pool, front=front, sides=sides))[0]


def _points(spec: TrainingSpec, pool: Pool, *, front: int, sides: Sides) -> Ints:
    first = objective(spec, pool)
    points = np.union1d(nearest(first[-1], most=LAYOUTS), nearest(first[0], most=LAYOUTS))
    shown = pareto(pool, most=front, keep=int(first[0].argmin()))
    points = np.union1d(points, np.array(shown, dtype=np.int64))
    for masks in zip(*(sides(one) for one in pool.found), strict=True):
        members = np.flatnonzero(np.concatenate(masks))
        points = np.union1d(points, members[nearest(first[0][members], most=BESIDE)])
    return points


def batches_of_points(spec: TrainingSpec, pool: Pool, points: Ints) -> list[Batch]:
    """Points of a pool as the kernel's rows, those of one search together; owners count along `points`."""
    found = []
    for number, one in enumerate(pool.found):
        places = np.flatnonzero(pool.search[points] == number)
        if not places.size:
            continue
        layouts = one.layouts.take(pool.row[points[places]])
        shards = one.tables.shards.take(layouts.shard)
        hardware = hardware_of(spec.hardware.node, gpus=int(one.job.cluster.gpus), precision=spec.precision)
        aligned = replace(layouts, shard=np.arange(layouts.size))
        found.append(Batch(job=one.job, hardware=hardware, shards=shards, layouts=aligned, owner=places))
    return found


def _corrected(spec: TrainingSpec, pool: Pool, points: Ints) -> tuple[Pool, Rows]:
    """The pool with what calibration says of `points`, and what the covariance sees of them."""
    batches = batches_of_points(spec, pool, points)
    seen, rows = foreseen(posterior(spec.calibration), batches, spec.software.stack)
    kernel = np.empty(len(points))
    for batch in batches:
        kernel[batch.owner] = np.log(evaluate(batch, pool.found[0].job.coefficients).seconds)
    low, high = (np.exp(end - seen.mean) for end in seen.interval())
    told = (np.exp(seen.mean - kernel), low, high, seen.novelty)
    factor, low, high, novelty = (_filled(values, points, len(pool.row)) for values in told)
    changed = replace(
        pool,
        step_time_s=pool.step_time_s * factor,
        cost_usd=pool.cost_usd * factor,
        factor=factor,
        low=low,
        high=high,
        novelty=novelty,
    )
    return changed, rows


def _filled(values: Floats, points: Ints, size: int) -> Floats:
    """The values at their points, their middle everywhere else."""
    found = np.full(size, float(np.median(values)))
    found[points] = values
    return found


def _ranked(seed: int, pool: Pool, points: Ints, log_goal: Floats, covariance: Floats) -> Pool:
    """Expected regret of the points and the chance of each to be the best."""
    root = np.linalg.cholesky(covariance + JITTER * np.eye(len(points)))
    draws = np.random.default_rng(seed).standard_normal((len(points), DRAWS))
    drawn = log_goal[:, None] + root @ draws
    over = np.exp(drawn - drawn.min(axis=0))
    regret, chance = np.full(len(pool.row), np.inf), np.zeros(len(pool.row))
    regret[points] = over.mean(axis=1) - 1.0
    chance[points] = (over == 1.0).mean(axis=1)
    return replace(pool, regret=regret, probability_best=chance)
