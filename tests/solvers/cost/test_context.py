"""Three ways to exchange keys and values, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.block import Block, Job, block_of
from solvers.cost.layouts import ALL_GATHER, ALL_TO_ALL, RING, Shards
from solvers.cost.parts import Stack
from tests.solvers.cost.cases import SOURCE, free_of_overheads, job, one

# Four heads of keys and sixteen of queries, 128 wide; s 8,192.
GROUPED = {
    "layers": 2, "hidden": 2048, "ffn": 8192, "gated": False, "heads": 16, "kv_heads": 4, "vocab": 32768,
    "source": SOURCE,
}  # fmt: skip
LENGTH = 8192


def _job(**changes: float) -> Job:
    return job(
        GROUPED, gpus=32, stack=Stack(), sequence_length=LENGTH, hardware="dgx-h100", precision="bf16",
        coefficients=free_of_overheads(attention_overlap=0.0, **changes),
    )  # fmt: skip


def _block(case: Job, mode: int | None, *, cp: int, tp: int = 1) -> Block:
    shards, _ = one(case, cp=cp, tp=tp)
    return block_of(replace(shards, cp_mode=None if mode is None else np.array([mode])), case)


def test_a_ring_is_what_is_not_said() -> None:
    case = _job()

    said, unsaid = (vars(_block(case, mode, cp=8)) for mode in (RING, None))

    assert {name: value[0] for name, value in said.items()} == {name: value[0] for name, value in unsaid.items()}


def test_gathering_moves_all_keys_and_values_and_hides_nothing() -> None:
    """2 bytes x 8,192 x 1,024 wide, seven eighths of it from others; twice that backward."""
    case = _job()
    seconds = 2 * LENGTH * 1024 * (7 / 8) / case.cluster.intra_bytes_per_s + 3 * case.cluster.intra_latency_s

    block = _block(case, ALL_GATHER, cp=8)

    assert (block.context_forward[0], block.context_backward[0]) == pytest.approx((seconds, 2 * seconds))


def test_an_all_to_all_moves_an_eighth_of_queries_output_keys_and_values() -> None:
    """1,024 tokens, 2 x 2,048 wide queries and output, 1,024 of four heads that eight ranks need twice."""
    case = _job()
    held = 2 * LENGTH / 8 * (2 * 2048 + 1024 * 2)
    seconds = held * (7 / 8) / case.cluster.intra_bytes_per_s + 3 * case.cluster.intra_latency_s

    block = _block(case, ALL_TO_ALL, cp=8)

    assert (block.context_forward[0], block.context_backward[0]) == pytest.approx((seconds, seconds))


def test_an_all_to_all_over_two_nodes_is_bound_by_the_slower_level() -> None:
    """Of sixteenths, eight go to the other node."""
    case = _job()
    held = 2 * LENGTH / 16 * (2 * 2048 + 1024 * 4)
    seconds = held * (8 / 16) / case.cluster.inter_bytes_per_s
    latency = 3 * case.cluster.intra_latency_s + case.cluster.inter_latency_s

    assert _block(case, ALL_TO_ALL, cp=16).context_forward[0] == pytest.approx(seconds + latency)


def test_kernels_of_a_ring_see_pieces_and_those_of_the_others_whole_sequences() -> None:
    """With a half length of 1,024, pieces of 1,024 take twice as long as they should, whole sequences a ninth more."""
    case, free = _job(attention_half_length=1024.0), _job()

    slower = [
        (_block(case, mode, cp=8).forward[0] - _block(free, mode, cp=8).forward[0]) for mode in (RING, ALL_GATHER)
    ]

    assert slower[0] / slower[1] == pytest.approx(8.0)


def test_modes_of_several_shards_stand_side_by_side() -> None:
    case = _job()
    eight = np.full(3, 8)
    one_each = np.ones(3, dtype=np.int64)
    shards = Shards(one_each, eight, one_each, one_each, 0 * one_each, np.array([RING, ALL_GATHER, ALL_TO_ALL]))

    together = block_of(shards, case).context_forward

    assert together == pytest.approx([_block(case, mode, cp=8).context_forward[0] for mode in range(3)])
