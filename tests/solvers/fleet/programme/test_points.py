"""Hours whose points are listed have the same best as HiGHS finds."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.fleet import bench
from solvers.fleet.programme import one, points
from solvers.fleet.programme.case import Configuration, Limit, Loss, Programme, Supply
from solvers.fleet.programme.kinds import kinds_of
from solvers.fleet.programme.search import search_of
from solvers.fleet.programme.solve import cheapest
from tests.solvers.fleet.programme.cases import on_nodes, small
from tests.solvers.fleet.programme.test_solve import melange


def kinds(programme: Programme) -> list[list[int]] | None:
    search = search_of(programme, 0.0)
    found = kinds_of(programme, search.scenes, search.pools)
    return None if found is None else [each.tolist() for each in found]


def terms() -> Programme:
    """Melange's example with spot and reserved A100s."""
    plain = melange()
    dear = plain.configurations[1]
    return replace(
        plain,
        configurations=(*plain.configurations, replace(dear, offer=2), replace(dear, offer=3)),
        offers=(*plain.offers, Supply(1, np.array([1.5]), 1), Supply(1, np.array([2.2]), 9, steady=True)),
    )


def test_a_gpu_on_three_terms_is_one_kind() -> None:
    assert kinds(terms()) == [[0], [1, 2, 3]]


def test_a_zone_or_a_limit_sets_them_apart() -> None:
    lost = replace(terms(), losses=(Loss("zone", (2,)),))
    limited = replace(terms(), limits=(Limit("power", np.array([1.0, 2.0, 2.0, 3.0]), np.array([50.0])),))

    assert (kinds(lost), kinds(limited)) == ([[0], [1, 3], [2]], [[0], [1, 2], [3]])


def test_where_a_node_may_be_lost_each_configuration_is_a_kind() -> None:
    assert kinds(replace(terms(), losses=(Loss("node", (0, 1), node=True),))) == [[0], [1], [2], [3]]


def test_two_services_and_parts_of_units_are_left_to_highs() -> None:
    plain = terms()
    parts = replace(plain, offers=(replace(plain.offers[0], gpus=8), *plain.offers[1:]))
    other = Configuration(1, 0, 1, np.array([3.0]))
    two = replace(
        plain,
        rates_per_s=(*plain.rates_per_s, np.ones((1, 1))),
        configurations=(*plain.configurations, other),
    )

    assert [kinds(each) for each in (parts, two)] == [None, None]


def searched(programme: Programme, monkeypatch: pytest.MonkeyPatch) -> float | None:
    """What HiGHS finds."""
    with monkeypatch.context() as without:
        without.setattr(one, "_part", lambda *_: None)
        found = cheapest(programme)
    return None if found is None else pytest.approx(found.value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_listed_programmes_cost_what_searched_ones_do(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    programmes = [each for each in map(small, range(first, first + 20)) if kinds(each) is not None]

    found = [cheapest(each) for each in programmes]

    assert [None if mix is None else mix.value for mix in found] == [searched(each, monkeypatch) for each in programmes]


@pytest.mark.parametrize("first", range(0, 40, 20))
def test_listed_hours_with_a_node_lost_cost_what_searched_ones_do(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    programmes = [on_nodes(seed) for seed in range(first, first + 20)]

    found = [cheapest(each) for each in programmes]

    assert sum(kinds(each) is not None for each in programmes) > 10
    assert [None if mix is None else mix.value for mix in found] == [searched(each, monkeypatch) for each in programmes]


def test_a_node_lost_takes_replicas_of_two_configurations_at_once() -> None:
    one, other = np.array([4.0, 1.0]), np.array([1.0, 4.0])
    offer = Supply(1, np.array([1.0]), 20, node_gpus=4)
    programme = Programme(
        rates_per_s=(np.array([[4.0, 4.0]]),),
        configurations=(Configuration(0, 0, 1, one), Configuration(0, 0, 1, other)),
        offers=(offer,),
        losses=(Loss("node", (0,), node=True),),
    )

    mix = cheapest(programme)

    # Five of one kind carry the load. Of three and five, the three and one more may be gone: four are left.
    assert mix is not None
    assert (kinds(programme), mix.units.tolist()) == ([[0], [1]], [[9]])


def test_many_classes_on_three_terms_cost_what_highs_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "LARGE_CLASSES", 15)
    monkeypatch.setattr(bench, "HOURS", 2)
    programme = bench.large()

    mix = cheapest(programme)

    assert mix is not None
    assert mix.value == searched(programme, monkeypatch)


def test_too_many_points_are_left_to_highs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "HELD", 1)

    mix = cheapest(terms())

    assert mix is not None
    assert (mix.units.tolist(), round(mix.value, 9)) == ([[1], [0], [1], [0]], 2.51)


def test_of_mixes_that_cost_the_same_the_one_with_fewer_gpus_is_taken() -> None:
    single = Configuration(0, 0, 1, np.array([1.0]))
    double = Configuration(0, 1, 1, np.array([2.0]))
    programme = Programme(
        rates_per_s=(np.array([[4.0]]),),
        configurations=(single, double),
        offers=(Supply(1, np.array([1.0]), 9), Supply(1, np.array([2.0]), 9)),
    )

    mix = cheapest(programme)

    assert mix is not None
    assert (mix.units.tolist(), mix.value) == ([[0], [2]], 4.0)
