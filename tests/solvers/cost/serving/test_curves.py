"""Curves by hand."""

import numpy as np
import pytest

from solvers.cost.serving.curves import (
    ProductCurve,
    ReduceCurve,
    product_parts,
    reduce_parts,
    soft_maximum,
    touched_share,
)

CURVE = ProductCurve(
    compute=0.5, memory=0.5, start_s=0.0, inner_s=0.0, rows=10.0, columns=20.0, inner=30.0, sharpness=2.0
)


def test_a_product_pads_its_tiles_and_reads_its_weights_once():
    memory, compute = product_parts(100.0, 200.0, 300.0, 2.0, bytes_each=(1.0, 2.0), rate=1e9, speed=1e9, curve=CURVE)

    assert compute == pytest.approx(2.0 * (100 + 2 * 10) * (200 + 20) * (300 + 30) / 1e9)
    assert memory == pytest.approx((2 * 1 * 200 * 300 + 2 * 100 * 300 + 2 * 100 * 200) / 1e9)


def test_the_soft_maximum_is_the_larger_where_they_differ_and_more_where_they_do_not():
    found = soft_maximum(np.array([3.0, 1.0, 0.0]), np.array([4.0, 1e-9, 0.0]), 2.0)

    assert found.tolist() == pytest.approx([5.0, 1.0, 0.0])


def test_an_all_reduce_reads_all_others_or_goes_around():
    curve = ReduceCurve(near=0.5, near_start_s=1e-6, near_step_s=2e-6, far=0.8, far_start_s=1e-5, far_step_s=3e-6)

    near, far = reduce_parts(8e6, 4.0, bytes_per_s=100e9, curve=curve)

    assert near == pytest.approx(1e-6 + 4e-6 + 8e6 * 3 / 50e9)
    assert far == pytest.approx(1e-5 + 6e-6 + 2 * 8e6 * 3 / 4 / 80e9)


@pytest.mark.parametrize("popularity", [2.0, 100.0])
def test_touched_experts_are_those_that_the_integral_over_popularities_gives(popularity):
    tokens, top_k, experts = np.array([1.0, 16.0, 256.0, 4096.0]), 8.0, 256.0
    loads = np.exp(np.linspace(-np.log(popularity), 0.0, 200_001))
    loads /= loads.mean()
    by_hand = [float(np.mean(-np.expm1(-count * top_k / experts * loads))) for count in tokens]

    found = touched_share(tokens, top_k=top_k, experts=experts, popularity=popularity)

    assert found[1:] == pytest.approx(by_hand[1:], rel=1e-3)
    assert float(found[0]) == top_k / experts  # one token chooses so many different ones


def test_more_tokens_touch_more_experts_and_even_popularity_most():
    tokens = np.array([0.0, 1.0, 4.0, 64.0, 1e6])

    even, skewed = (touched_share(tokens, top_k=4.0, experts=128.0, popularity=ratio) for ratio in (2.0, 1000.0))

    assert even[0] == skewed[0] == 0.0
    assert np.all(np.diff(even) > 0.0)
    assert np.all(even[2:4] > skewed[2:4])
    assert even[-1] == pytest.approx(1.0)
