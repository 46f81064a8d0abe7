import numpy as np
import pytest

from solvers.simulate.queue import waits_s


def test_each_request_goes_where_least_work_is_left():
    waits = waits_s(np.array([0.0, 0.0, 1.0, 1.5]), np.array([4.0, 2.0, 3.0, 1.0]), servers=2)

    # At 1 s the servers have 3 s and 1 s left; at 1.5 s they have 2.5 s and 3.5 s.
    assert waits.tolist() == [0.0, 0.0, 1.0, 2.5]


def _oracle(arrival_s, work_s, servers):
    """Every server's queue held and worked off, second by second of the events."""
    left, last, waits = [0.0] * servers, 0.0, []
    for arrival, work in zip(arrival_s, work_s, strict=True):
        left = [max(one - (arrival - last), 0.0) for one in left]
        last = arrival
        least = min(range(servers), key=lambda server: left[server])
        waits.append(left[least])
        left[least] += work
    return waits


@pytest.mark.parametrize("servers", [1, 2, 7])
def test_the_heap_waits_as_queues_that_are_worked_off_one_by_one(servers):
    rng = np.random.default_rng(servers)
    arrival = np.cumsum(rng.exponential(1.0, 500))
    work = rng.exponential(0.9 * servers, 500)

    waits = waits_s(arrival, work, servers=servers)

    assert waits == pytest.approx(_oracle(arrival.tolist(), work.tolist(), servers), abs=1e-9)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
@pytest.mark.parametrize(("variation", "draw"), [(0.0, np.ones_like), (1.0, None)], ids=["M/D/1", "M/M/1"])
def test_one_queue_waits_as_the_formula_says(load, variation, draw):
    rng = np.random.default_rng(7)
    size = 200_000
    arrival = np.cumsum(rng.exponential(1.0, size))
    work = load * (draw(arrival) if draw else rng.exponential(1.0, size))

    waits = waits_s(arrival, work, servers=1)

    assert waits.mean() == pytest.approx(load / (1 - load) * (1 + variation**2) / 2 * load, rel=0.05)


def test_more_servers_wait_less_at_the_same_load_of_each():
    rng = np.random.default_rng(3)
    arrival, work = np.cumsum(rng.exponential(1.0, 20_000)), np.full(20_000, 0.9)

    means = [waits_s(arrival / servers, work, servers=servers).mean() for servers in (1, 2, 4, 8)]

    assert means == sorted(means, reverse=True)
    assert means[-1] < means[0] / 4
