"""What is believed before any run."""

import numpy as np
import pytest

from solvers.laws.predict.mixture import tell
from solvers.laws.predict.optimum import Budget, optimum
from solvers.scaling.forecast.believed import believed
from tests.solvers.scaling.forecast.known_runs import LAWS

MIX = believed(1e22, LAWS)


def test_the_best_size_is_usual_and_far_from_certain():
    found = optimum(MIX, Budget(1e22))

    assert 5.0 < found.tokens.value / found.params.value < 100.0
    assert found.params.high / found.params.low > 4.0


def test_more_of_either_always_helps():
    sizes = np.array([1e9, 2e9, 4e9])

    falls = tell(MIX, {"params": sizes, "tokens": np.full(3, 1e11)}).log_loss

    assert (np.diff(falls) < 0.0).all()


def test_laws_are_weighed_by_belief_and_their_own_doubt_alone():
    told = tell(MIX, {"params": np.array([1e9]), "tokens": np.array([2e10])})

    assert MIX.laws == LAWS
    assert told.weights.sum() == pytest.approx(1.0)
