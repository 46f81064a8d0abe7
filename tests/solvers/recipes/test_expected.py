"""What rows should take by the datasheet, by hand."""

import pytest

from solvers import catalogue, recipes
from solvers.recipes import expected
from tests.solvers.recipes.sample import result_of

H100 = catalogue.gpu("h100-sxm")


def seconds(recipe: str, **params: object) -> tuple[float | None, ...]:
    asked = recipes.get(recipe)
    return expected.seconds(result_of(asked, asked.parse(params)), H100)


def test_a_copy_takes_what_reading_and_writing_take() -> None:
    assert seconds("memory_copy", sizes=["1 GB"], device="cuda") == pytest.approx(
        [2e9 / (H100.memory_bytes_per_s * H100.achievable_memory)]
    )


def test_a_large_product_takes_its_arithmetic_in_its_own_precision() -> None:
    shapes = [{"m": 8192, "n": 8192, "k": 8192}]

    assert seconds("gemm", shapes=shapes, precisions=["bf16", "fp8"], device="cuda") == pytest.approx(
        [2 * 8192**3 / (H100.peak(name) * H100.achievable_compute) for name in ("bf16", "fp8")]
    )


def test_launches_and_links_have_no_datasheet() -> None:
    assert set(seconds("launch") + seconds("collectives")) == {None}
