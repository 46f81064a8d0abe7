"""Schedules by hand and by their papers."""

import numpy as np
import pytest

from solvers.cost.layouts import GPIPE, INTERLEAVED, ONE_F_ONE_B
from solvers.cost.pipeline import bubble_seconds, chunked_layers, layers_per_stage, micro_batches_in_flight


@pytest.mark.parametrize(("stages", "micro_batches"), [(2, 4), (4, 8), (8, 32), (4, 1)])
def test_the_bubble_of_equal_stages_is_gpipes_share_of_the_step(stages: int, micro_batches: int) -> None:
    """(p - 1) / (m + p - 1): section 2.3 [huang2019gpipe]."""
    slowest = np.array([3.0])

    bubble = bubble_seconds(
        slowest,
        slowest * (stages - 1),
        pp=np.array([stages]),
        vpp=np.array([1]),
        micro_batches=np.array([micro_batches]),
    )

    step = micro_batches * slowest + bubble
    assert float((bubble / step)[0]) == pytest.approx((stages - 1) / (micro_batches + stages - 1), rel=1e-12)


def test_interleaving_divides_the_bubble_by_the_chunks() -> None:
    """p = 4, m = 8, t = 2 s, v = 4: three stages of 2 s over 4 are 1.5 s."""
    bubble = bubble_seconds(
        np.array([2.0]), np.array([6.0]), pp=np.array([4]), vpp=np.array([4]), micro_batches=np.array([8])
    )

    assert bubble.tolist() == [1.5]


def test_a_ragged_last_group_makes_an_interleaved_pipeline_wait() -> None:
    """p = 4, m = 6, v = 2, t = 2 s: 6 / 2 = 3 s and (v - 1)(4 - 2) chunks of 1 s more."""
    bubble = bubble_seconds(
        np.array([2.0]), np.array([6.0]), pp=np.array([4]), vpp=np.array([2]), micro_batches=np.array([6])
    )

    assert bubble.tolist() == [5.0]


def test_micro_batches_in_flight_follow_the_schedule() -> None:
    """p = 4, m = 8: GPipe keeps 8 everywhere, 1F1B 4, 3, 2, 1, interleaving with v = 2 11, 9, 7, 5 chunks of a half."""
    stage = np.array([0, 1, 2, 3])

    kept = {
        name: micro_batches_in_flight(
            stage, pp=np.full(4, 4), vpp=np.full(4, chunks), micro_batches=np.full(4, 8), schedule=np.full(4, schedule)
        ).tolist()
        for name, chunks, schedule in (("gpipe", 1, GPIPE), ("1f1b", 1, ONE_F_ONE_B), ("interleaved", 2, INTERLEAVED))
    }

    assert kept == {"gpipe": [8.0] * 4, "1f1b": [4.0, 3.0, 2.0, 1.0], "interleaved": [5.5, 4.5, 3.5, 2.5]}


def test_llama_405b_splits_126_layers_as_published() -> None:
    """Section 3.3.2 [dubey2024llama3]: one layer fewer on the first and on the last of 16 stages."""
    assert layers_per_stage(126, 16) == (7, *(8,) * 14, 7)


@pytest.mark.parametrize("stages", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("layers", range(8, 41))
def test_stages_hold_all_layers_and_differ_by_one_at_most(layers: int, stages: int) -> None:
    held = layers_per_stage(layers, stages)

    assert (sum(held), len(held), max(held) - min(held) <= 1) == (layers, stages, True)


@pytest.mark.parametrize(
    ("stages", "chunks", "expected"),
    [(16, 1, (4, 1)), (8, 2, (8, 5)), (4, 4, (16, 13)), (2, 8, (32, 29)), (1, 1, (61, 61)), (32, 1, (2, 1))],
)
def test_the_last_chunk_of_deepseek_v3_holds_what_the_others_leave(
    stages: int, chunks: int, expected: tuple[int, int]
) -> None:
    """61 layers: `Et*4|(t*4|)*14tmL` and its like in Megatron-Bridge's recipes."""
    most, last = chunked_layers(61, np.array([float(stages)]), np.array([float(chunks)]))

    assert (most[0], last[0]) == expected


def test_where_nothing_would_be_left_for_the_last_stage_the_split_is_the_usual_one() -> None:
    """9 layers on 8 stages: 2 each would leave the last -5."""
    most, last = chunked_layers(9, np.array([8.0]), np.array([1.0]))

    assert (most[0], last[0]) == (2, 1)
