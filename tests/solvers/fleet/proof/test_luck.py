import numpy as np
import pytest

from solvers.fleet.proof.drawn import slices
from solvers.fleet.proof.luck import kappa, variation
from solvers.fleet.proof.pools import Pools
from solvers.fleet.supply.supplies import supplies
from solvers.serving.attainment import counted
from tests.solvers.fleet.proof.tables import melange_spec

REQUESTS, SEEDS = 20_000, 60


def late_share(work, gaps, load, limit):
    """Of one server's requests, those that wait longer than the limit: Lindley's equation."""
    walk = np.concatenate([[0.0], np.cumsum(load * work[:-1] - gaps[1:])])
    waits = walk - np.minimum.accumulate(walk)
    return float((waits > limit)[REQUESTS // 5 :].mean())


def edge(work, gaps, limit, late):
    """The load at which so many are late."""
    low, high = 0.5, 1.2
    for _ in range(20):
        middle = (low + high) / 2.0
        low, high = (middle, high) if late_share(work, gaps, middle, limit) <= late else (low, middle)
    return low


@pytest.mark.parametrize(("late", "uneven"), [(0.1, 1.0), (0.05, 1.0), (0.1, 0.3)])
def test_the_load_that_a_queue_holds_spreads_over_seeds_as_reckoned(late, uneven):
    rng = np.random.default_rng(1)
    log = np.sqrt(np.log(1.0 + uneven**2))
    limit = np.log(1.0 / late) * (1.0 + uneven**2) / 2.0 / 0.1  # a load of about 0.9

    edges = []
    for _ in range(SEEDS):
        work, gaps = np.exp(rng.normal(-(log**2) / 2.0, log, REQUESTS)), rng.exponential(1.0, REQUESTS)
        edges.append(edge(work, gaps, limit, late))

    reckoned = kappa(late) * np.sqrt((1.0 + uneven**2) / (0.8 * REQUESTS))
    assert np.std(edges) / np.mean(edges) == pytest.approx(reckoned, rel=0.25)


def test_rarer_misses_spread_more():
    found = [kappa(late) for late in (0.9, 0.5, 0.1, 0.05, 0.01)]

    assert found == sorted(found)
    assert kappa(1.0 - 1e-6) == pytest.approx(1.0, abs=1e-3)


def test_poisson_arrivals_and_work_by_the_table_vary_as_on_paper():
    spec = melange_spec()
    known = supplies(spec)
    pools = Pools(spec, known)
    parts = slices(np.tile([[0.0, 1.0]], (len(known.services[0].shares), 1)))

    found = variation(pools, 1, parts[1])

    # An A100 works 1/20 s on half of the requests and 1/40 s on the others.
    assert found == pytest.approx(1.0 + (1.0 / 3.0) ** 2, rel=0.3)


@pytest.mark.parametrize(("late", "waiting"), [(0.1, 0.1), (0.1, 0.5), (0.1, 1.0), (0.05, 0.5), (0.05, 4.0)])
def test_short_seeds_spread_as_simulated_brownian_motions_do(late, waiting):
    steps = 1_000
    times = np.arange(1, steps + 1) / steps
    walks = np.random.default_rng(2).normal(0.0, steps**-0.5, (400, steps)).cumsum(axis=1)
    low, high = np.full(400, -200.0), np.full(400, 60.0)

    for _ in range(25):
        drift = (low + high) / 2.0
        free = walks + drift[:, None] * times
        backlog = free - np.minimum(np.minimum.accumulate(free, axis=1), 0.0)
        good = (backlog > waiting)[:, counted(steps)].mean(axis=1) <= late
        low, high = np.where(good, drift, low), np.where(good, high, drift)

    assert kappa(late, waiting) == pytest.approx(np.std(low) * np.sqrt(0.7), rel=0.15)
