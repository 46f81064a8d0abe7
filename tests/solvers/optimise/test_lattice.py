"""Points of whole numbers: all that are cheap and keep the rows, none that do not."""

from itertools import product

import numpy as np
import pytest

from solvers.optimise.lattice import Lattice, points


def drawn(seed: int) -> Lattice:
    """Four columns of up to four, convex costs, three rows that ask for something and one that limits."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 5, 4)
    return Lattice(
        cost=tuple(np.concatenate([[0.0], np.cumsum(np.sort(rng.integers(0, 5, size)))]) for size in sizes),
        cover=rng.uniform(0.0, 1.0, (3, 4)) * (rng.random((3, 4)) < 0.8),
        asked=rng.uniform(0.5, 3.0, 3),
        used=tuple(np.arange(size + 1)[None, :] * rng.integers(0, 3) for size in sizes),
        most=np.array([8.0]),
    )


def tried(lattice: Lattice, highest: float) -> dict[tuple[int, ...], float]:
    """All points there are, one by one, with their costs."""
    found = {}
    for x in product(*(range(len(table)) for table in lattice.cost)):
        cost = sum(table[n] for table, n in zip(lattice.cost, x, strict=True))
        used = sum(table[0, n] for table, n in zip(lattice.used, x, strict=True))
        if cost <= highest and (lattice.cover @ np.array(x) >= lattice.asked).all() and used <= lattice.most[0]:
            found[x] = float(cost)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_the_points_are_those_that_trying_all_finds_whatever_is_expected(seed: int) -> None:
    lattice, highest = drawn(seed), 12.0
    rng = np.random.default_rng(seed)

    found = [points(lattice, near, highest=highest, held=10_000) for near in (np.zeros(4), rng.uniform(0.0, 4.0, 4))]

    for one in found:
        assert one is not None
        assert {tuple(x): cost for x, cost in zip(one.x.tolist(), one.cost.tolist(), strict=True)} == tried(
            lattice, highest
        )
        assert (np.diff(one.cost) >= 0).all()


def test_more_points_than_may_be_held_are_not_listed() -> None:
    lattice = Lattice((np.arange(10.0),) * 3, np.zeros((0, 3)), np.zeros(0), (np.zeros((0, 10)),) * 3, np.zeros(0))

    assert points(lattice, np.zeros(3), highest=20.0, held=500) is None


def test_the_bound_leaves_few_parts_of_points_to_look_at() -> None:
    cost = (np.arange(30.0) * 3.0, np.arange(30.0) * 2.0, np.arange(30.0))
    lattice = Lattice(cost, np.array([[3.0, 2.0, 1.0]]), np.array([25.0]), (np.zeros((0, 30)),) * 3, np.zeros(0))

    found = points(lattice, np.zeros(3), highest=25.0, held=10_000)

    assert found is not None
    assert (found.cost == 25.0).all()
    assert len(found.x) == sum(3 * a + 2 * b <= 25 for a in range(9) for b in range(13))


def test_nothing_is_found_where_no_point_is_cheap_enough() -> None:
    lattice = Lattice((np.arange(5.0),), np.ones((1, 1)), np.array([3.0]), (np.zeros((0, 5)),), np.zeros(0))

    found = points(lattice, np.zeros(1), highest=2.0, held=100)

    assert found is not None
    assert (found.x.tolist(), found.cost.tolist()) == ([], [])
