"""The best size, and what it would be without its limits."""

from solvers.scaling.forecast.optimum import optimum
from solvers.scaling.forecast.place import given
from solvers.scaling.target import Target
from tests.solvers.scaling.forecast.known_runs import known, place


def test_a_given_size_has_no_optimum():
    target = Target.model_validate({"params": 1e9, "tokens": 1e10})

    assert optimum(known(), given(target, 1e9, 1e10)) is None


def test_without_limits_there_is_nothing_instead():
    found = optimum(known(), place())

    assert found is not None
    assert (found["unbounded_by_data"], found["without_serving"]) == (None, None)
    assert found["params"]["low"] < found["params"]["value"] < found["params"]["high"]
    assert found["params"]["value"] == place().params


def test_more_data_would_reach_a_lower_loss():
    found = optimum(known(), place(unique=1e9))

    assert found is not None
    instead = found["unbounded_by_data"]
    assert instead["params"] < place(unique=1e9).params
    assert instead["tokens"] > place(unique=1e9).tokens


def test_without_serving_the_compute_of_training_buys_a_larger_model():
    found = optimum(known(), place(served=1e12))

    assert found is not None
    assert found["without_serving"]["params"] > place(served=1e12).params
