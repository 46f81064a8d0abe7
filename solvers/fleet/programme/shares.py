"""Shares as columns of a model of few classes: then one search answers, and no rows have to be found for it.

Columns   x[k, f] for each class k with load and family f that serves it, in every scene and hour
Rows      sum_f x[k, f] = 1;   sum_k r[k] a[k, f] x[k, f] <= room sum over c of f: factor[c] y[c]
"""

from collections.abc import Sequence

import numpy as np

from solvers.fleet.programme.case import Ints
from solvers.fleet.programme.cuts import Pool, Scene
from solvers.optimise.milp import Rows


def count_of(pools: Sequence[Pool], hours: Ints) -> int:
    """How many shares there are in these hours, of all scenes."""
    return sum(int(np.isfinite(pool.seconds[pool.rates[hour] > 0]).sum()) for pool in pools for hour in hours.tolist())


def rows_of(scene: Scene, pool: Pool, hour: int, replicas: Ints, first: int) -> Rows:
    """The rows of one scene and hour; `replicas` [C] are columns (-1: gone), its shares stand from `first` on."""
    rates, families = pool.rates[hour], pool.families
    asked = np.flatnonzero(rates > 0)
    served = np.isfinite(pool.seconds[asked])
    line, family = np.nonzero(served)
    share = first + np.arange(len(line))
    work = (rates[asked, None] * np.where(served, pool.seconds[asked], 0.0))[line, family]
    mine = np.flatnonzero((families.family >= 0) & (replicas >= 0))
    machine = len(asked) + families.family[mine]
    classes, width = len(asked), pool.seconds.shape[1]
    return Rows(
        row=np.concatenate([line, classes + family, machine]).astype(np.int64),
        column=np.concatenate([share, share, replicas[mine]]).astype(np.int64),
        value=np.concatenate([np.ones(len(line)), work, -scene.room * families.factor[mine]]),
        lower=np.concatenate([np.ones(classes), np.full(width, -np.inf)]),
        upper=np.concatenate([np.ones(classes), np.zeros(width)]),
    )
