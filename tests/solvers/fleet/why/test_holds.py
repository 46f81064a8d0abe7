import numpy as np
import pytest

from solvers.fleet.market import MOST_UNITS
from solvers.fleet.programme.case import Limit, Loss
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why.called import Called
from solvers.fleet.why.changed import with_limits, with_most
from solvers.fleet.why.holds import held
from tests.solvers.fleet.why.programmes import least_cost, melange, melange_called, random, supply


def told(programme, called=None):
    mix = cheapest(programme)
    return {(one.hold.sort, one.hold.name): one for one in held(programme, mix, called or melange_called())}


def test_nothing_is_held_where_there_is_no_limit():
    found = told(melange())

    assert found == {}


def test_one_more_gpu_of_a_limited_type_is_worth_what_it_saves():
    programme = melange(offers=(supply(1.01), supply(3.67, most=0)))

    found = told(programme)

    # Twelve of the first type against one of each.
    one = found["available", "a100-80"]
    assert (one.more, one.one, one.step) == (1, pytest.approx(12.12 - 4.68), pytest.approx(12.12 - 4.68))
    assert one.worth == pytest.approx(12.12 - 4.68)


@pytest.mark.parametrize("seed", range(6))
def test_worth_is_the_difference_of_the_costs_by_trying_all(seed):
    plain = random(seed)
    limit = Limit("/constraints/max_gpus", np.ones(3), np.array([3.0]))
    programme = plain.__class__(**{**vars(plain), "limits": (limit,)})
    mix = cheapest(programme)
    if mix is None:
        assert least_cost(programme) is None
        return
    called = Called(("a", "b", "c"), ("A", "B", "C"), ("spot",) * 3, ("s",), (("k", "l", "m"),))
    own = least_cost(programme)
    wider = with_limits(programme, 0, Limit("x", np.ones(3), np.array([4.0])))
    expected = {
        "gpus": own - least_cost(with_limits(programme, 0, None)),
        "one": own - least_cost(wider),
        **{name: own - least_cost(with_most(programme, o, 12)) for o, name in enumerate("abc")},
    }

    found = {
        one.hold.name if one.hold.sort == "available" else one.hold.sort: one for one in held(programme, mix, called)
    }

    worths = {name: round(one.worth, 6) for name, one in found.items()}
    assert worths == {name: round(value, 6) for name, value in expected.items() if value > 1e-5 and name != "one"}
    if "gpus" in found:
        assert found["gpus"].one == pytest.approx(expected["one"], abs=1e-6)


def test_power_is_told_by_the_tenth():
    watts = np.array([300.0, 900.0])
    programme = melange(
        offers=(supply(0.1), supply(3.67)), limits=(Limit("/sites/0/power_limit", watts, np.array([3500.0])),)
    )

    found = told(programme)

    free = cheapest(with_limits(programme, 0, None)).value
    tenth = cheapest(with_limits(programme, 0, Limit("x", watts, np.array([3850.0])))).value
    one = found["power", "/sites/0/power_limit"]
    own = cheapest(programme).value
    assert (one.hold.unit, one.worth, one.one) == (
        "10 % of its power", pytest.approx(own - free), pytest.approx(own - tenth)
    )  # fmt: skip


def test_power_of_which_one_tenth_more_is_worth_nothing_is_widened_until_it_is():
    watts = np.array([300.0, 900.0])
    programme = melange(
        offers=(supply(0.1), supply(3.67)), limits=(Limit("/sites/0/power_limit", watts, np.array([2000.0])),)
    )

    one = told(programme)["power", "/sites/0/power_limit"]

    # Twelve of the first type, 3,600 W, cost 1.20 against 3.77 of one of each; that takes eight tenths more.
    assert (one.one, one.more, one.step) == (0.0, 8, pytest.approx(3.77 - 1.20))


def test_head_room_costs_what_the_plan_without_it_saves():
    programme = melange(head_room=0.2)

    found = told(programme)

    # One of each carries the load to the last of the first type's time; with a fifth free it takes two of that.
    assert {key: one.worth for key, one in found.items()} == {
        ("head_room", "/constraints/head_room"): pytest.approx(cheapest(programme).value - 4.68)
    }


def test_surviving_a_node_costs_what_the_plan_without_it_saves():
    programme = melange(losses=(Loss("/constraints/survive/0", (0, 1), node=True),))

    found = told(programme)

    assert {key: one.worth for key, one in found.items()} == {
        ("survive", "/constraints/survive"): pytest.approx(cheapest(programme).value - 4.68)
    }


def test_whole_nodes_cost_what_the_gpus_beyond_the_needed_ones_do():
    programme = melange(offers=(supply(1.01, most=0), supply(4 * 3.67, gpus=4)))

    found = told(programme)

    # Two of the GPUs would do.
    assert found["whole_nodes", "/market"].worth == pytest.approx(2 * 3.67)


def test_an_offer_without_a_limit_is_not_asked_about():
    programme = melange(offers=(supply(1.01), supply(3.67, most=1)))

    found = told(programme)

    assert programme.offers[0].most == MOST_UNITS
    assert found == {}
