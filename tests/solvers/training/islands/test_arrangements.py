"""Ways of combining islands."""

from solvers.training.islands.arrangements import arrangements, orders


def test_two_islands_of_different_kinds_have_four_arrangements() -> None:
    assert arrangements(["ib", "roce"]) == [((0,),), ((1,),), ((0, 1),), ((0,), (1,))]


def test_islands_of_one_kind_are_interchangeable() -> None:
    assert arrangements(["a", "a"]) == [((0,),), ((0, 1),), ((0,), (1,))]


def test_every_partition_of_every_subset_is_there_once() -> None:
    # The numbers of partitions of subsets of n things are Bell numbers less one: 1, 4, 14, 51, 202.
    counts = [len(arrangements(list(range(n)))) for n in range(1, 6)]

    assert counts == [1, 4, 14, 51, 202]


def test_orders_that_look_alike_are_one() -> None:
    assert orders((0, 1, 2), ["a", "a", "b"], most=24) == [(0, 1, 2), (0, 2, 1), (2, 0, 1)]
