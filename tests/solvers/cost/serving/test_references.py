"""Step cost and kernels against what others published; the files lie beside the checkout."""

from functools import cache
from pathlib import Path

import pytest

from solvers.cost.serving.references import SOURCES, comparisons

DATA = Path(__file__).parents[5] / "shared" / "data" / "serving"


@cache
def _found():
    return {one.name: one for one in comparisons(DATA)}


pytestmark = pytest.mark.skipif(
    not all((DATA / name).exists() for name in SOURCES), reason="measurements are not beside the checkout"
)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("aiconfigurator 0.12.0, one prefill", 0.07),
        ("aiconfigurator 0.12.0, one decode step", 0.10),
        ("Splitwise h100-80gb, token", 0.20),
        ("Vidur a100, products", 0.16),
        ("Vidur h100, products", 0.21),
        ("Vidur h100_dgx, all-reduces", 0.25),
        ("LLMServingSim RTXPRO6000, products", 0.09),
        ("LLMServingSim RTXPRO6000, attention of decodes", 0.12),
        ("LLMServingSim RTX4090, products", 0.23),
    ],
)
def test_predictions_are_near(name, most):
    assert _found()[name].mape < most


def test_software_of_2023_was_slower_not_faster():
    for name in ("Splitwise a100-80gb, prompt", "Splitwise h100-80gb, prompt", "Splitwise a100-80gb, token"):
        assert -0.5 < _found()[name].bias < 0.0
