"""Which placements there are."""

from itertools import product

from solvers.serving.distserve.layouts import Placement, Side, colocated, divisors, placements
from solvers.serving.distserve.profile import Opt

SMALL = Opt("small", 1.0, layers=4, hidden=64, heads=6)


def test_divisors_come_in_order() -> None:
    assert divisors(12) == [1, 2, 3, 4, 6, 12]


def test_high_affinity_takes_all_pairs_that_the_gpus_hold() -> None:
    sides = [(1, 1), (1, 2), (2, 1), (3, 1)]

    found = placements(SMALL, nodes=2, gpus_per_node=2, high_affinity=True)

    expected = [Placement(Side(*a), Side(*b)) for a, b in product(sides, sides) if a[0] * a[1] + b[0] * b[1] <= 4]
    assert found == expected


def test_low_affinity_keeps_a_segment_within_its_node_and_lets_pipelines_cross() -> None:
    found = placements(SMALL, nodes=2, gpus_per_node=2, high_affinity=False)

    assert [placement.label for placement in found] == ["(1, 1, 1, 1)", "(1, 2, 1, 2)"]
    assert all(placement.near for placement in found)


def test_a_colocated_replica_has_as_many_gpus_as_allowed_at_most() -> None:
    assert [(side.tp, side.pp) for side in colocated(SMALL, gpus=3)] == [(1, 1), (1, 2), (2, 1), (3, 1)]
