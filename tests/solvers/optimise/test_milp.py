"""The model that HiGHS solves: by hand, as rows, prices and bounds change."""

import numpy as np
import pytest

from solvers.optimise.milp import Model, Rows


def row(values: list[float], *, lower: float = -np.inf, upper: float = np.inf) -> Rows:
    return Rows(
        row=np.zeros(len(values), dtype=np.int64),
        column=np.arange(len(values)),
        value=np.array(values),
        lower=np.array([lower]),
        upper=np.array([upper]),
    )


def model(*, whole: bool = True) -> Model:
    """Minimise 3 x + 2 y for up to ten of each with 2 x + y >= 5."""
    each = Model(np.array([3.0, 2.0]), lower=np.zeros(2), upper=np.full(2, 10.0), whole=np.full(2, whole))
    each.add(row([2.0, 1.0], lower=5.0))
    return each


def test_whole_numbers_cost_more_than_fractions_which_have_duals() -> None:
    whole, fractions = model().solve(), model().solve(fractions=True)

    assert (whole.status, np.rint(whole.x).tolist(), whole.value) == ("optimal", [2, 1], pytest.approx(8.0))
    assert (fractions.value, fractions.x.tolist()) == (pytest.approx(7.5), pytest.approx([2.5, 0.0]))
    assert (fractions.duals.tolist(), fractions.reduced.tolist()) == (pytest.approx([1.5]), pytest.approx([0.0, 0.5]))


def test_added_rows_other_bounds_and_other_prices_hold_in_the_next_solution() -> None:
    each = model()
    each.add(row([1.0, 0.0], upper=1.0))
    rows = each.solve()
    each.bound(np.array([1]), lower=np.array([4.0]), upper=np.array([9.0]))
    bounds = each.solve()
    each.price(np.array([0]), np.array([-1.0]))
    prices = each.solve()

    assert [np.rint(one.x).tolist() for one in (rows, bounds, prices)] == [[1, 3], [0, 5], [1, 4]]
    assert [one.value for one in (rows, bounds, prices)] == pytest.approx([9.0, 10.0, 7.0])


def test_a_model_without_an_answer_is_infeasible() -> None:
    each = model()
    each.add(row([1.0, 1.0], upper=1.0))

    answer = each.solve()

    assert (answer.status, answer.x.size, answer.value) == ("infeasible", 0, np.inf)


def test_a_limit_of_nodes_ends_a_search_between_bound_and_value() -> None:
    rng = np.random.default_rng(3)
    size = 40
    each = Model(
        rng.uniform(1.0, 2.0, size), lower=np.zeros(size), upper=np.ones(size), whole=np.ones(size, dtype=bool)
    )
    for _ in range(10):
        each.add(row(rng.uniform(0.0, 1.0, size).tolist(), lower=5.3))

    answer = each.solve(nodes=1)

    assert answer.status == "limit"
    assert 0.0 < answer.bound < answer.value


def test_a_gap_is_kept_and_a_start_taken() -> None:
    exact = model().solve()
    near = model().solve(gap=0.5, start=np.array([3.0, 0.0]))

    assert near.value <= exact.value * 2.0
    assert near.bound <= exact.value + 1e-9
