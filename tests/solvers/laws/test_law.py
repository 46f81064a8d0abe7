import numpy as np
import pytest

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.law import joined, normalised, runs_of, scale_of
from solvers.laws.loss import get


def test_runs_of_different_units_are_not_joined() -> None:
    ours, theirs = (runs_of([2.0], params=[1e9], tokens=[1e10], loss_unit=unit) for unit in ("nats/token", "bits/byte"))

    with pytest.raises(BadRuns) as caught:
        joined(ours, theirs)

    (problem,) = caught.value.problems
    assert (problem.code, problem.at) == ("mixed_units", "/loss_unit")
    assert problem.message == "The runs mix units of loss: bits/byte, nats/token."


def test_runs_that_count_parameters_differently_are_not_joined() -> None:
    body, all_of_it = (
        runs_of([2.0], params=[1e9], tokens=[1e10], counts=counts) for counts in ("non-embedding", "total")
    )

    with pytest.raises(BadRuns, match="conventions of N: non-embedding, total"):
        joined(body, all_of_it)


def test_joined_runs_keep_what_both_know() -> None:
    one = runs_of([2.0], params=[1e9], tokens=[1e10], unique_tokens=[1e9])
    two = runs_of([1.9, 1.8], params=[2e9, 4e9], tokens=[1e10, 2e10])

    both = joined(one, two)

    assert {name: list(values) for name, values in both.inputs.items()} == {
        "params": [1e9, 2e9, 4e9],
        "tokens": [1e10, 1e10, 2e10],
    }
    assert list(both.take(both.loss < 2.0).loss) == [1.9, 1.8]
    assert list(both.flops) == [6e19, 1.2e20, 4.8e20]


def test_an_unknown_convention_is_named_with_the_nearest() -> None:
    with pytest.raises(BadRuns) as caught:
        runs_of([2.0], params=[1e9], counts="non-embeding")

    hint = "Did you mean non-embedding?"
    assert caught.value.problems == (
        Problem("unknown_name", "There is no convention of N called 'non-embeding'.", "", hint),
    )


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(BadRuns, match="There are 2 losses and 1 values of params"):
        runs_of([2.0, 1.0], params=[1e9])


def test_references_are_the_middle_of_the_runs() -> None:
    runs = runs_of([2.0, 1.9], params=[1e8, 1e10], tokens=[1e10, 1e10])

    scale = scale_of(get("chinchilla"), runs.inputs)

    assert scale == pytest.approx({"params": 1e9, "tokens": 1e10})
    assert normalised(get("chinchilla"), runs.inputs, scale) == pytest.approx(
        np.array([[-np.log(10), 0.0], [np.log(10), 0.0]])
    )
