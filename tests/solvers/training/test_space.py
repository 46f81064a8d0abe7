"""The space by hand, and its size without making it."""

from typing import Any

import pytest

from solvers import kinds
from solvers.documents import read
from solvers.training.solve import candidates, node_counts
from solvers.training.space import size_of, space_of
from solvers.training.spec import TrainingSpec

EXAMPLES = {name: kinds.parse(read(text)) for name, text in kinds.examples("training").items()}


def _spec(nodes: int = 1, **change: Any) -> TrainingSpec:
    return TrainingSpec.model_validate(
        {
            "kind": "training", "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": nodes},
            "sequence_length": 8192, "global_batch": 8, **change,
        }
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(name for name, spec in EXAMPLES.items() if isinstance(spec, TrainingSpec)))
def test_the_size_of_a_space_is_known_without_making_it(name: str) -> None:
    spec = EXAMPLES[name]
    assert isinstance(spec, TrainingSpec)

    sizes = {nodes: size_of(spec, nodes=nodes) for nodes in node_counts(spec)}

    assert sizes == {nodes: space_of(spec, nodes=nodes).candidates for nodes in node_counts(spec)}
    assert candidates(spec) == sum(sizes.values())


def test_a_space_of_two_gpus_is_counted_by_hand() -> None:
    """(t, c, p) with t c p | 2 are four; batch 8 on d = 2 has shares of 4, 3 micro-batches; on d = 1 of 8, 4.

    d 2: 3 x 12 = 36   t 2: 4 x 2 x 3 = 24   c 2: 4 x 12 = 48   p 2: 4 x 3 x 6 schedules (GPipe, 1F1B, v 2, 4, 8, 16).
    """
    node = {"gpu": "h100-sxm", "gpus": 2, "link": "nvlink4", "source": [{"title": "a test"}]}

    space = space_of(_spec(hardware={"node": node, "nodes": 1}), nodes=1)

    assert (space.layouts.size, space.rejected) == (36 + 24 + 48 + 72, {})


def test_what_does_not_divide_is_counted_under_its_reason() -> None:
    """24 GPUs: every product t c p that divides 24 is a candidate; 3 divides neither 32 heads nor the batch of 8."""
    space = space_of(_spec(3), nodes=3)

    assert set(space.rejected) == {
        "batch not divisible by data parallelism",
        "more tensor parallelism than heads divide",
        "sequence not divisible by context parallelism",
    }


def test_a_fixed_layout_is_the_only_one_left() -> None:
    fixed = {
        "tp": 2, "pp": 2, "vpp": 4, "dp": 2, "cp": 1, "ep": 1, "micro_batch": 1, "sequence_parallel": True,
        "schedule": "interleaved", "recompute": "selective", "zero": 1,
    }  # fmt: skip

    space = space_of(_spec(options={"fix": fixed}), nodes=1)

    assert space.layouts.size == 1
    assert {"the spec fixes tp", "the spec fixes vpp", "the spec fixes zero"} <= space.rejected.keys()


def test_no_layout_at_all_is_a_space_too() -> None:
    space = space_of(_spec(3, global_batch=7, options={"fix": {"tp": 1, "pp": 1, "cp": 1}}), nodes=3)

    assert (space.layouts.size, sum(space.rejected.values()) == space.candidates) == (0, True)


def test_experts_may_be_spread_over_whole_groups_only() -> None:
    """128 experts on 8 GPUs: 1, 2, 4, 8 groups; 16 and more do not divide the ranks."""
    space = space_of(_spec(model="qwen3-30b-a3b"), nodes=1)

    assert set(space.shards.ep.tolist()) == {1, 2, 4, 8}
    assert space.rejected["ranks not divisible by expert parallelism"] > 0
