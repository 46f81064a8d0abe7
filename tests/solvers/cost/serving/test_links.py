"""Waiting of GPUs for one another."""

import numpy as np
import pytest

from solvers.catalogue import node
from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import Layout
from solvers.cost.serving.links import exchange_seconds, reduce_seconds
from solvers.cost.serving.lookup import curves_of
from tests.solvers.cost.serving.jobs import job

SIZES = np.array([1e3, 1e6, 1e8])


def _reduce(ranks, on="dgx-h100", graphs=True, **more):
    one = job(on=on)
    return reduce_seconds(
        SIZES, ranks=ranks, node=more.get("node", one.node), curve=curves_of(one).reduce, coefficients=DEFAULT,
        graphs=graphs,
    )  # fmt: skip


def _exchange(tokens, ranks, on="hgx-h200"):
    return exchange_seconds(
        np.asarray(tokens, dtype=float), layout=Layout(dp=ranks, ep=ranks), width=7168.0, bytes_each=(1.0, 2.0),
        top_k=8.0, node=node(on), coefficients=DEFAULT,
    )  # fmt: skip


def test_one_rank_has_nobody_to_wait_for():
    assert _reduce(1).tolist() == [0.0, 0.0, 0.0]


def test_more_ranks_bytes_and_launches_take_longer():
    assert np.all(_reduce(2) < _reduce(4))
    assert np.all(_reduce(4) < _reduce(8))
    assert np.all(np.diff(_reduce(8)) > 0.0)
    assert np.all(_reduce(8) < _reduce(8, graphs=False))


def test_across_nodes_takes_longer_than_within_one():
    assert np.all(_reduce(16) > _reduce(8))


def test_few_bytes_cross_nodes_over_a_tree():
    """NCCL's tree over two nodes of eight: 8 us to start, up and down 7 hops of 0.6 us and one of 5 us."""
    found = float(_reduce(16)[0])

    assert found == pytest.approx(DEFAULT.reduce_library_s / 2.0 + 2.0 * (7 * 0.6e-6 + 5e-6), rel=0.02)
    assert float(_reduce(32)[0]) == pytest.approx(found + 2.0 * 5e-6, rel=0.02)


def test_large_messages_reach_the_bandwidth_that_was_measured():
    """268 million halves over 8 H100 took 2.11 ms for 537 MB: see `nccl_perf` of the wheel; here 100 MB."""
    expected = 2.0 * 1e8 * 7 / 8 / (0.72 * 450e9)

    assert _reduce(8)[2] == pytest.approx(expected, rel=0.05)


def test_few_tokens_take_the_way_of_low_latency_and_many_the_merged_one():
    """8 H100, 7,168 wide, 8 of 256 experts: 128 tokens a rank took 40 + 72 us, 8,192 took 966 + 1,832 us."""
    few, many = _exchange([128 * 8, 8192 * 8], 8)

    assert few == pytest.approx(112e-6, rel=0.15)
    assert many == pytest.approx(2798e-6, rel=0.25)


def test_more_nodes_share_slower_links():
    """16 ranks, 128 tokens each: 102 + 186 us; 64 ranks 167 + 305 us."""
    assert _exchange([128 * 16], 16)[0] == pytest.approx(288e-6, rel=0.25)
    assert _exchange([128 * 64], 64)[0] == pytest.approx(472e-6, rel=0.25)
