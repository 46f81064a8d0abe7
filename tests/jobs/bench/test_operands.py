"""Operands: random numbers in the precision asked for, and enough sets of them to fill the cache twice."""

import pytest
import torch

from jobs.bench.operands import MOST_SETS, cache_bytes, random, sets

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "fp8"])
def test_operands_are_normal_numbers_in_their_precision(precision: str) -> None:
    drawn = random(100, 100, precision=precision, device=CPU)

    assert drawn.element_size() == {"fp32": 4, "bf16": 2, "fp16": 2, "fp8": 1}[precision]
    assert float(drawn.float().std()) == pytest.approx(1.0, abs=0.05)


def test_sets_fill_the_cache_twice_and_are_not_without_end() -> None:
    cache = cache_bytes(CPU)

    assert len(sets(object, size_bytes=cache / 2, device=CPU)) == 4
    assert len(sets(object, size_bytes=10 * cache, device=CPU)) == 1
    assert len(sets(object, size_bytes=1, device=CPU)) == MOST_SETS
