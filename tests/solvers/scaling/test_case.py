"""What an answer is made of: conventions of N, GPU-hours, losses, recipes, and no runs at all."""

import pytest

from solvers.base import silent
from solvers.scaling.case import Case, NoPlace, case_of
from solvers.scaling.ladder.family import counted
from tests.solvers.scaling.made import LAW, asked, grid, loss, without_runs

HARDWARE = {"node": "dgx-h100", "nodes": 2}


def case(**changes: object) -> Case:
    found = case_of(asked(**changes), silent)
    assert isinstance(found, Case)
    return found


def test_a_target_counted_otherwise_is_counted_as_the_runs_are():
    found = case(target={"params": 7e9, "tokens": 1e11, "counts": "non-embedding"})

    assert found.counts == "total"
    assert found.place.params == pytest.approx(counted(found.of, 7e9, "non-embedding", "total"))
    assert found.place.params > 7.2e9


def test_a_target_counted_as_the_runs_are_stays_as_it_is():
    assert case(target={"params": 7e9, "tokens": 1e11, "counts": "total"}).place.params == 7e9


def test_gpu_hours_of_a_target_are_those_that_were_asked_for():
    found = case(target={"gpu_hours": 2000}, hardware=HARDWARE)

    assert found.hours is not None
    assert found.hours.value == pytest.approx(2000, rel=0.02)
    assert found.hours.low < found.hours.value < found.hours.high
    assert found.place.how == "compute_optimal"


def test_twice_the_gpu_hours_reach_a_lower_loss():
    less, more = (case(target={"gpu_hours": hours}, hardware=HARDWARE).place for hours in (500, 1000))

    assert loss(more.params, more.tokens) < loss(less.params, less.tokens)


def test_the_cheapest_compute_for_a_loss_reaches_it_and_less_does_not():
    found = case(target={"loss": 2.4})

    assert found.place.how == "cheapest_for_loss"
    assert loss(found.place.params, found.place.tokens) == pytest.approx(2.4, rel=2e-3)
    less = case(target={"flops": 0.9 * found.place.flops}).place
    assert loss(less.params, less.tokens) > 2.4


def test_served_tokens_make_the_model_smaller_and_its_training_longer():
    plain, served = case(target={"flops": 1e21}).place, case(target={"flops": 1e21, "served_tokens": 1e11}).place

    assert (plain.how, served.how) == ("compute_optimal", "with_serving")
    assert served.params < plain.params
    assert served.tokens / served.params > plain.tokens / plain.params
    assert served.flops + 2.0 * served.params * 1e11 == pytest.approx(1e21, rel=1e-6)


def test_without_runs_the_size_is_what_other_families_teach():
    found = case_of(without_runs(), silent)

    assert isinstance(found, Case)
    assert found.known is None
    assert 5.0 < found.place.tokens / found.place.params < 100.0
    assert found.place.found is not None
    assert found.place.found.params.high > 2.0 * found.place.found.params.low


def test_a_loss_out_of_reach_is_no_place():
    found = case_of(asked(target={"loss": 1.0}), silent)

    assert isinstance(found, NoPlace)
    assert found.problem == "loss"


def test_of_two_recipes_the_lower_at_the_target_is_foretold():
    better = {**LAW, "E": LAW["E"] - 0.05}
    rows = [("plain", *row) for row in grid()] + [("better", *row) for row in grid(better)]
    text = "recipe,params,tokens,loss\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)

    found = case(runs={"csv": text, "counts": "total", "loss_unit": "nats/token"})

    assert found.chosen is not None
    assert found.chosen.best == "better"
    assert found.known is not None
    assert len(found.known.runs) == len(grid())


def test_a_loss_that_one_recipe_does_not_reach_is_reached_by_another():
    worse = {**LAW, "E": LAW["E"] + 1.0}
    rows = [("worse", *row) for row in grid(worse)] + [("plain", *row) for row in grid()]
    text = "recipe,params,tokens,loss\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)

    found = case(runs={"csv": text, "counts": "total", "loss_unit": "nats/token"}, target={"loss": 2.4})

    assert found.chosen is not None
    assert (found.chosen.best, found.place.how) == ("plain", "cheapest_for_loss")
