"""Rows of prices: valid for whatever carries the load, and missed by what does not."""

import numpy as np
import pytest

from solvers.fleet.programme.cuts import pools_of, scenes_of
from tests.solvers.fleet.programme.cases import small
from tests.solvers.fleet.programme.enumerated import highest


def served(seed: int) -> bool:
    programme = small(seed)
    return not pools_of(programme, scenes_of(programme))[0].lost(0)


@pytest.mark.parametrize("seed", [seed for seed in range(30) if served(seed)])
def test_counts_carry_the_load_exactly_if_no_row_is_missed(seed: int) -> None:
    programme = small(seed)
    rng = np.random.default_rng(seed)
    scenes = scenes_of(programme)
    pools = pools_of(programme, scenes)
    scene, pool = scenes[0], pools[0]
    mine = [n for n, one in enumerate(programme.configurations) if one.service == scene.service]
    capacity = np.array([programme.configurations[n].capacity_per_s for n in mine])
    looked = []

    for _ in range(12):
        replicas = np.zeros(len(programme.configurations))
        replicas[mine] = rng.integers(0, 5, len(mine))
        machines = scene.room * pool.families.machines(replicas)
        busy = highest(pool.rates[0], capacity, replicas[mine]) / scene.room
        looked.append((machines, busy, pool.carried(machines, 0, roughly=False)))

    for machines, busy, index in looked:
        assert (index < 0) == (busy <= 1 + 1e-6)
        short, _ = pool.missed(machines, 0)
        assert (short > 1e-7) == (busy > 1 + 1e-6)
