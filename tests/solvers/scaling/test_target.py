"""A target is said in one way."""

from typing import Any

import pytest
from pydantic import ValidationError

from solvers.problems import problems_of
from solvers.scaling.target import Target


@pytest.mark.parametrize(
    ("said", "code", "at"),
    [
        ({}, "missing", ""),
        ({"params": 7e9}, "missing", "/tokens"),
        ({"tokens": 7e9}, "missing", "/params"),
        ({"flops": 1e22, "loss": 2.0}, "contradiction", "/loss"),
        ({"flops": 1e22, "params": 7e9}, "contradiction", "/flops"),
        ({"params": 7e9, "tokens": 1e11, "gpu_hours": 5}, "contradiction", "/gpu_hours"),
        ({"gpu_hours": 5, "served_tokens": 1e12}, "contradiction", "/served_tokens"),
        ({"flops": 1.0}, "out_of_range", "/flops"),
        ({"params": 7e9, "tokens": 1}, "out_of_range", "/tokens"),
        ({"flops": 1e22, "unique_tokens": 1}, "out_of_range", "/unique_tokens"),
    ],
)
def test_what_says_too_much_or_too_little_is_refused(said: dict[str, Any], code: str, at: str):
    with pytest.raises(ValidationError) as caught:
        Target.model_validate(said)

    problem = problems_of(caught.value, Target.model_json_schema())[0]
    assert (problem.code, problem.at) == (code, at)


def test_a_size_with_its_length_is_given():
    assert Target.model_validate({"params": "7B", "tokens": "1T"}).given
    assert not Target.model_validate({"loss": 2.1}).given


@pytest.mark.parametrize(("name", "least"), [("flops", 1e9), ("gpu_hours", 1e-3)])
def test_the_least_of_each_is_a_target(name: str, least: float):
    assert getattr(Target.model_validate({name: least}), name) == least


def test_the_least_size_and_length_are_a_target():
    found = Target.model_validate({"params": 1e3, "tokens": 1e3, "unique_tokens": 1e3})

    assert (found.params, found.tokens, found.unique_tokens, found.given) == (1e3, 1e3, 1e3, True)
