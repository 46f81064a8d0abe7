"""Other sizes of the same compute."""

import pytest

from solvers.scaling.forecast.answer import loss_of
from solvers.scaling.forecast.laws import laws
from solvers.scaling.forecast.others import alternatives, frontier
from tests.solvers.scaling.forecast.known_runs import known, place


def test_sizes_beside_the_best_have_the_same_compute_and_more_loss():
    half, twice, *alone = alternatives(known(), place(), laws(known(), place()))

    best = loss_of(known(), place())["value"]
    assert [one["plan"]["flops"] for one in (half, twice)] == pytest.approx([place().flops] * 2)
    assert [one["plan"]["params"] / place().params for one in (half, twice)] == pytest.approx([0.5, 2.0])
    assert min(one["estimates"]["loss"]["value"] for one in (half, twice)) > best
    assert next(one["plan"]["label"] for one in alone).endswith("alone")


def test_a_law_alone_has_its_own_forecast_with_its_own_interval():
    asked = laws(known(), place())
    lead = asked[0]

    found = alternatives(known(), place(), asked)[2]["estimates"]["loss"]

    one = known(0.003, (lead["name"],))
    assert found["value"] == pytest.approx(lead["loss"], rel=1e-9)
    assert found == pytest.approx(loss_of(one, place()), rel=1e-6)
    assert found["low"] < found["value"] < found["high"]


def test_a_law_alone_is_told_where_there_are_others_only():
    one = known(0.003, ("chinchilla",))

    assert len(alternatives(one, place(), laws(one, place()))) == 2


def test_the_frontier_gives_up_loss_for_a_smaller_model():
    found = frontier(known(), place())

    losses = [one["objectives"]["loss"] for one in found]
    params = [one["objectives"]["params"] for one in found]
    assert losses == sorted(losses, reverse=True)
    assert params == sorted(params)
    assert params[-1] == pytest.approx(place().params)


def test_where_tokens_are_served_the_frontier_counts_their_flops():
    served = place(served=1e12)

    found = frontier(known(), served)[-1]

    assert found["objectives"]["serving_flops"] == pytest.approx(2.0 * served.params * 1e12)
