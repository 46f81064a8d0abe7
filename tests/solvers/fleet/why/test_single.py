import numpy as np
import pytest

from solvers.fleet.programme.case import Configuration, Limit
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why.single import next_best, single_types
from tests.solvers.fleet.why.programmes import melange, melange_called, supply


def test_each_type_alone_is_solved_again():
    found = single_types(melange(), melange_called())

    # 12 A10G at 1.01 $/h; 6/20 + 3/20 + 15/40 + 6/20 = 1.125, so 2 A100 at 3.67 $/h.
    assert [(one.name, one.mix.cost_usd_per_hour) for one in found] == [
        ("A10G", pytest.approx(12.12)), ("A100-80", pytest.approx(7.34))
    ]  # fmt: skip


def test_a_type_that_cannot_serve_a_class_says_which():
    plain = melange()
    small = Configuration(0, 0, 1, np.array([2.0, 0.0, 5.0, 0.0]))

    found = single_types(melange(configurations=(small, plain.configurations[1])), melange_called())

    assert found[0].why_not == "It cannot serve long answer of chat and long of chat within the latencies."


def test_a_type_that_is_scarce_says_how_many_it_would_take():
    found = single_types(melange(offers=(supply(1.01, most=5), supply(3.67))), melange_called())

    assert found[0].why_not == "It would take 12 A10G; 5 can be had."


def test_a_type_that_comes_by_the_node_is_counted_in_gpus():
    found = single_types(melange(offers=(supply(2.02, gpus=2, most=2), supply(3.67))), melange_called())

    assert found[0].why_not == "It would take 12 A10G; 4 can be had."


def test_a_type_that_a_limit_holds_says_so():
    limit = Limit("/constraints/max_gpus", np.ones(2), np.array([4.0]))

    found = single_types(melange(limits=(limit,)), melange_called())

    assert found[0].why_not == "It would take 12 A10G, more than the limits allow."


def test_a_type_beyond_the_budget_says_so():
    found = single_types(melange(budget_usd_per_hour=5.0), melange_called())

    assert [one.why_not for one in found] == ["It would cost more than the budget."] * 2


def test_the_next_best_mixes_do_without_an_offer_that_is_bought():
    programme = melange()

    found = next_best(programme, melange_called(), cheapest(programme))

    assert [(one.name, one.mix.cost_usd_per_hour) for one in found] == [
        ("a100-80", pytest.approx(12.12)), ("a10g", pytest.approx(7.34))
    ]  # fmt: skip
