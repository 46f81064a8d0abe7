"""Copies: each byte is read and written."""

from solvers.recipes.memory_copy import RECIPE


def test_bytes_read_and_bytes_written_both_count() -> None:
    params = RECIPE.parse({"sizes": ["1 MB", "2 MB"]})

    assert RECIPE.keys(params) == ({"size_bytes": 1_000_000}, {"size_bytes": 2_000_000})
    assert RECIPE.rates(params, {"size_bytes": 1_000_000}, 0.5) == {"bytes_per_s": 4e6}
