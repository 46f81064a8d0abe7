from dataclasses import replace

import numpy as np
import pytest

from solvers.fleet.programme.case import Configuration, Loss, Programme, Supply
from solvers.fleet.programme.cuts import scenes_of
from solvers.fleet.programme.nodes import MOST, fills, nodes_of
from solvers.fleet.programme.solve import cheapest
from tests.solvers.fleet.programme.cases import on_nodes
from tests.solvers.fleet.programme.enumerated import least


def two_setups(*, node: int = 8, services: int = 1) -> Programme:
    """Short and long requests, a setup for each on the same GPUs of nodes."""
    configurations = tuple(
        Configuration(service, 0, gpus, np.array(capacity))
        for service in range(services)
        for gpus, capacity in ((1, [1.0, 0.0]), (2, [0.0, 1.0]))
    )
    return Programme(
        (np.array([[4.0, 2.0]]),) * services,
        configurations,
        (Supply(1, np.array([1.0]), 100, node_gpus=node),),
        losses=(Loss("node", (0,), node=True),),
    )


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5, 8])
def test_what_survives_a_node_costs_what_trying_all_counts_and_all_that_a_node_may_hold_finds(seed: int) -> None:
    programme = on_nodes(seed)

    found, cost = cheapest(programme), least(programme)

    assert found is not None
    assert found.value == pytest.approx(cost, rel=1e-6)


def test_a_node_holds_all_that_there_is_room_for() -> None:
    assert fills([4, 2, 1], 8) == [
        (2, 0, 0), (1, 2, 0), (1, 1, 2), (1, 0, 4), (0, 4, 0), (0, 3, 2), (0, 2, 4), (0, 1, 6), (0, 0, 8),
    ]  # fmt: skip
    assert fills([4, 4], 6) == [(1, 0), (0, 1)]


def test_a_node_of_each_setup_goes_at_once_where_there_are_many_ways_to_fill_one() -> None:
    assert len(fills([1, 1, 1], 8)) == 45
    assert len(fills([1, 1], MOST)) == 1
    assert fills([2, 1, 1, 1], 8) == [(4, 8, 8, 8)]


def test_a_lost_node_takes_replicas_of_one_service_and_of_one_offer() -> None:
    programme = two_setups(node=2, services=2)
    other = replace(programme, offers=programme.offers * 2, losses=(Loss("node", (0, 1), node=True),))
    *first, last = programme.configurations
    moved = replace(other, configurations=(*first, replace(last, offer=1)))

    assert [list(nodes_of(programme, service, (0,))) for service in range(2)] == [
        [((1, 1),), ((0, 2),)],
        [((3, 1),), ((2, 2),)],
    ]
    assert list(nodes_of(moved, 1, (0, 1))) == [((2, 2),), ((3, 1),)]
    assert sum(bool(scene.lost) for scene in scenes_of(moved)) == 4


def test_two_setups_may_share_the_node_that_is_lost() -> None:
    found = cheapest(two_setups(node=4))

    assert found is not None
    # 4 + 2 replicas work; 4 of the short ones, 2 of the long ones, or 2 and 1 together may be gone.
    assert found.replicas[:, 0].tolist() == [8, 4]
