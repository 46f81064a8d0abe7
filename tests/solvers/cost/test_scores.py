"""Attention that writes its scores to memory."""

import numpy as np

from solvers.cost.layouts import Shards
from solvers.cost.scores import fused_softmax, score_bytes


def _shards(tp: list[int], micro_batch: list[int]) -> Shards:
    ones = np.ones(len(tp), dtype=np.int64)
    return Shards(np.array(tp), ones, ones, np.array(micro_batch), 0 * ones)


def test_the_fused_softmax_wants_four_rows_of_scores_a_rank() -> None:
    """16 heads: 16, 4, 2 and twice 2 on a rank."""
    shards = _shards([1, 4, 8, 8], [1, 1, 1, 2])

    assert fused_softmax(shards, 16).tolist() == [True, True, False, True]


def test_a_fused_softmax_moves_eight_bytes_a_score_and_a_plain_one_thirty_three_more() -> None:
    pairs = np.array([1e6, 1e6])

    moved = score_bytes(_shards([4, 8], [1, 1]), pairs=pairs, heads=16, dropout=False)

    assert moved.tolist() == [8e6, 41e6]


def test_dropout_moves_five_bytes_a_score() -> None:
    pairs = np.array([1e6])

    assert score_bytes(_shards([1], [1]), pairs=pairs, heads=16, dropout=True).tolist() == [13e6]
