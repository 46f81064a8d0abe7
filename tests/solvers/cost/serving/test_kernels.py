"""Products and experts of a pass."""

import numpy as np
import pytest

from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import Layout, Numerics
from solvers.cost.serving.kernels import busiest_share, expert_seconds, one_product, product_seconds
from solvers.cost.serving.lookup import curves_of
from solvers.cost.serving.work import work_of
from tests.solvers.cost.serving.jobs import job

TOKENS = np.array([1.0, 16.0, 256.0, 4096.0])


def _experts(one, **more):
    work = work_of(one.model, one.layout, one.numerics, None)
    return expert_seconds(
        TOKENS, work.experts, numerics=one.numerics, gpu=one.node.gpu, curves=curves_of(one),
        coefficients=DEFAULT, **more,
    )  # fmt: skip


def test_products_of_all_layers_are_so_many_times_one():
    one = job()
    work = work_of(one.model, one.layout, one.numerics, None)

    found = product_seconds(
        np.array([64.0]), work.products, numerics=one.numerics, gpu=one.node.gpu, curves=curves_of(one),
        coefficients=DEFAULT,
    )  # fmt: skip

    shapes = ((6144, 4096), (4096, 4096), (28672, 4096), (4096, 14336))
    by_hand = 32 * sum(one_product(64.0, columns, inner, job=one) for columns, inner in shapes)
    assert float(found.total[0]) == pytest.approx(by_hand, rel=1e-9)


def test_a_large_product_is_near_the_measured_one():
    """4,096 x 4,096 x 4,096 in 16 bit on an H100 under vLLM 0.24: 166 us in the wheel's table."""
    assert one_product(4096.0, 4096.0, 4096.0, job=job()) == pytest.approx(166e-6, rel=0.08)


def test_few_tokens_touch_few_experts():
    seconds = _experts(job("qwen3-235b-a22b", layout=Layout(tp=8), numerics=Numerics("fp8_block"))).total

    assert seconds[0] < 0.5 * seconds[2]
    assert np.all(np.diff(seconds) > 0.0)


def test_experts_that_are_spread_read_less_and_wait_for_the_busiest():
    cut, spread = (
        _experts(job("deepseek-v3", "hgx-h200", layout=layout, numerics=Numerics("fp8_block"))).total
        for layout in (Layout(tp=8), Layout(tp=8, ep=8))
    )

    assert np.all(spread[1:3] < 3.0 * cut[1:3])
    assert np.all(spread > 0.0)


def test_the_busiest_group_has_its_share_never_more_than_all():
    experts = work_of(job("deepseek-v3").model, Layout(tp=8, ep=8), Numerics("fp8"), None).experts

    found = busiest_share(np.array([1.0, 1e3, 1e9]), experts, skew=0.16)

    assert found[0] <= 8.0
    assert np.all(np.diff(found) < 0.0)
    assert found[2] == pytest.approx(1.0 + 0.16 * 7 / 8, rel=1e-3)


def test_padded_experts_take_as_long_for_one_token_as_for_some():
    """Each expert has a block of 128 rows; four ranks halve what two take [vllm2025deepgemm]."""
    two, four = (
        job("qwen3-235b-a22b", on="hgx-h200", layout=Layout(tp=ranks), numerics=Numerics("fp8_block"))
        for ranks in (2, 4)
    )

    plain, padded, halved = _experts(two).total, _experts(two, padded=True).total, _experts(four, padded=True).total

    assert padded[1] == pytest.approx(padded[0], rel=0.05)
    assert padded[0] > 5.0 * plain[0]
    assert halved[0] == pytest.approx(0.5 * padded[0], rel=0.1)
    assert np.all(padded >= plain)
