import numpy as np
import pytest

from solvers.fleet.programme.solve import cheapest
from solvers.fleet.programme.without import only_offers
from solvers.fleet.why.changed import with_capacities
from solvers.fleet.why.intervals import NEAR, drawn, ratio_of, step_factors
from tests.solvers.fleet.why.answers import answered, melange, small


def test_the_cost_lies_between_those_of_the_draws():
    question = answered(small())

    draws = drawn(question, (0,))
    found = draws.estimate(question.mix.cost_usd_per_hour, lambda mix: mix.cost_usd_per_hour)

    costs = [mix.cost_usd_per_hour for mix in draws.mixes if mix is not None]
    assert found.low <= found.value <= found.high
    assert min(costs) <= found.high <= max(costs)


def test_slower_steps_carry_less_of_every_class():
    question = answered(small())
    one = question.supplies.ready[0]

    ratios = ratio_of(question, one)

    assert ratios.shape == (8, len(question.supplies.services[0].classes))
    assert ratios.min() < 1.0 < ratios.max()
    order = np.argsort(ratios[:, 0])
    assert (np.diff(ratios[order], axis=0) > -0.05).all()


def test_steps_that_take_longer_carry_less_by_more_than_their_share():
    question = answered(small())
    one = question.supplies.ready[0]

    ratios, steps = ratio_of(question, one), step_factors(one.study, one.setup)

    # The same work takes longer, and there is less time for it within the limits.
    assert (ratios[steps > 1.0] <= 1.0 / steps[steps > 1.0, None] + 1e-9).all()
    assert (ratios[steps < 1.0] >= 1.0 / steps[steps < 1.0, None] - 1e-9).all()
    assert {bool((steps > 1.0).any()), bool((steps < 1.0).any())} == {True}


def test_measured_capacities_are_taken_as_measured():
    question = answered(melange())

    draws = drawn(question, (0,))

    assert draws.mixes == ()
    assert draws.estimate(4.68, lambda mix: mix.value).high == 4.68


def test_the_saving_is_that_of_each_draw():
    question = answered(small())
    draws = drawn(question, (0, 1))

    found = draws.saving(0.0)

    assert (found.low, found.value, found.high) == (0.0, 0.0, 0.0)


def test_where_one_type_is_cheapest_of_all_its_draws_are_those_of_the_plan():
    question = answered(small())
    every = tuple(range(len(question.programme.offers)))

    draws = drawn(question, every)

    assert [one is other for one, other in zip(draws.mixes, draws.single, strict=True)] == [True] * len(draws.mixes)
    own = with_capacities(
        question.programme,
        [
            one.capacity_per_s * ratio_of(question, ready)[0]
            for one, ready in zip(question.programme.configurations, question.supplies.ready, strict=True)
        ],
    )
    alone = drawn(question, (0,)).single[0]
    assert alone.value == pytest.approx(cheapest(only_offers(own, (0,))).value, rel=2 * NEAR)
