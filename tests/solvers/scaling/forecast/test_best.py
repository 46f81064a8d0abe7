"""The best size at many computes at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.laws.predict.optimum import Budget, optimum
from solvers.scaling.forecast.best import best, tokens_of
from solvers.scaling.forecast.known import known_of, told
from solvers.scaling.runs.read import read
from tests.solvers.scaling.forecast.known_runs import column, known
from tests.solvers.scaling.made import LAW, best_params, csv, grid, wide

BUDGETS = np.exp(np.linspace(np.log(1e18), np.log(1e22), 9))


def test_it_is_the_optimum_of_each_budget():
    found = best(known(), BUDGETS)

    alone = [optimum(known().mix, Budget(float(flops))) for flops in BUDGETS]
    assert found.params == pytest.approx([one.params.value for one in alone], rel=0.02)
    assert found.log_loss == pytest.approx([one.log_loss.min() for one in alone], abs=1e-5)


def test_runs_of_a_chinchilla_law_give_its_closed_form():
    runs = read(csv(wide()), counts="total", loss_unit="nats/token")

    found = best(known_of(runs, laws=("chinchilla",), seed=0), BUDGETS)

    assert found.params == pytest.approx([best_params(float(flops)) for flops in BUDGETS], rel=0.005)


def test_budgets_are_spent():
    found = best(known(), BUDGETS)

    assert found.flops == pytest.approx(BUDGETS, rel=1e-9)


def test_no_size_that_is_tried_is_better():
    found = best(known(), column(1e21))
    sizes = np.exp(np.linspace(np.log(1e8), np.log(1e11), 5_001))

    losses = told(known(), sizes, tokens_of(column(1e21), sizes, served=0.0), unique=None).log_loss

    assert found.log_loss[0] <= losses.min() + 1e-5


def test_serving_is_paid_out_of_the_budget():
    found = best(known(), column(1e21), served=1e12)

    assert found.flops[0] + 2.0 * found.params[0] * 1e12 == pytest.approx(1e21, rel=1e-9)


def test_a_budget_that_would_be_spent_worse_is_left_unspent_as_a_smaller_one_is():
    # Alone, and with so few unique tokens, the Farseer form has larger models do worse.
    one, unique, budgets = known(laws=("farseer",)), 1e8, np.exp(np.linspace(np.log(1e18), np.log(1e26), 33))
    alone = [best(one, column(float(flops)), unique=unique) for flops in budgets]
    losses = np.array([each.log_loss[0] for each in alone])
    assert np.diff(losses).max() > 1e-3
    kept = [int(np.argmin(losses[: place + 1])) for place in range(len(budgets))]

    found = best(one, budgets, unique=unique)

    assert found.log_loss.tolist() == pytest.approx(losses[kept].tolist(), rel=1e-12)
    assert found.params.tolist() == pytest.approx([float(alone[place].params[0]) for place in kept], rel=1e-9)
    assert (found.flops <= budgets * (1.0 + 1e-9)).all()
    assert found.flops[-1] < 0.1 * budgets[-1]


@settings(max_examples=10, deadline=None)
@given(
    alpha=st.floats(0.25, 0.5),
    beta=st.floats(0.25, 0.5),
    scatter=st.floats(0.0, 0.01),
    seed=st.integers(0, 100),
)
def test_more_compute_never_raises_the_loss_that_is_foretold(alpha: float, beta: float, scatter: float, seed: int):
    rows = grid({**LAW, "alpha": alpha, "beta": beta}, scatter=scatter, seed=seed)
    one = known_of(read(csv(rows), counts="total", loss_unit="nats/token"), laws=("skaling", "chinchilla"), seed=0)

    found = best(one, np.exp(np.linspace(np.log(1e18), np.log(1e24), 13)), unique=3e10)

    assert (np.diff(found.log_loss) <= 0.0).all()
