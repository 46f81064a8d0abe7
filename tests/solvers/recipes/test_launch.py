"""Launches: a rate of kernels; graphs are a GPU's."""

import pytest

from solvers.errors import SpecError
from solvers.recipes.launch import RECIPE


def test_the_rate_is_of_kernels() -> None:
    params = RECIPE.parse({"kernels": 100, "device": "cuda", "modes": ["eager", "graph"], "operations": ["add"]})

    assert [key["mode"] for key in RECIPE.keys(params)] == ["eager", "graph"]
    assert RECIPE.rates(params, RECIPE.keys(params)[0], 0.001) == {"launches_per_s": 100_000.0}


def test_a_cpu_has_no_graphs() -> None:
    with pytest.raises(SpecError, match="A CPU has no CUDA graphs"):
        RECIPE.parse({"modes": ["graph"]})
