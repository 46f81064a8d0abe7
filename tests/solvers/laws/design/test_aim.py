import numpy as np
import pytest

from solvers.laws.design.aim import of_optimum
from solvers.laws.design.belief import of_mixture
from solvers.laws.design.choose import Question, chosen
from solvers.laws.predict.mixture import mixture
from solvers.laws.predict.optimum import Budget, optimum
from solvers.laws.predict.shipped import shipped
from tests.solvers.laws.design.questions import possible
from tests.solvers.laws.predict.ladders import ladder


def test_a_budget_is_a_target_of_runs_that_each_spend_it() -> None:
    found = of_optimum(optimum(mixture(ladder(noise=3e-3)), Budget(flops=1e22)))

    assert 6.0 * found.inputs["params"] * found.inputs["tokens"] == pytest.approx(np.full(3, 1e22), rel=0.01)
    assert found.share.sum() == 1.0
    assert found.inputs["params"][1] <= found.inputs["params"][0] <= found.inputs["params"][2]


def test_runs_are_designed_for_a_budget() -> None:
    mix, candidates = mixture(ladder(noise=3e-3)), possible(sizes=6, lengths=6)
    aim = of_optimum(optimum(mix, Budget(flops=1e22)))

    found = chosen(Question(of_mixture(mix, candidates, aim), candidates, aim, shipped()), spend=200.0)

    assert found.after < found.before
