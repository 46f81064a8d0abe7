"""Whether the fullest stage fits, in numbers and in words."""

import pytest

from solvers.cost.stage import PARTS
from solvers.errors import Problem
from solvers.training.memory import memory_document
from solvers.training.room import chance_to_fit, room_document, tight

GB = 1e9


def _stage(number: int, **parts: float) -> dict[str, float]:
    stage = {f"{name}_bytes": parts.get(name, 0.0) * GB for name in PARTS}
    return {"stage": number, **stage, "total_bytes": sum(stage.values())}


def test_the_room_is_that_of_the_fullest_stage() -> None:
    stages = [_stage(0, weights=10, activations=20), _stage(1, optimizer=30, logits=8, fragmentation=1, context=2)]

    room = room_document(stages, capacity=80 * GB)

    chance = room.pop("chance_to_fit")
    assert room == {
        "fullest_stage": 1,
        "largest_part": "optimizer",
        "shown": {"allocated_bytes": 38 * GB, "reserved_bytes": 39 * GB, "device_bytes": 41 * GB},
        "margin_bytes": 39 * GB,
    }
    assert 0.99 < chance < 1.0


def test_the_chance_is_a_half_at_the_device_s_size_and_nine_tenths_at_the_interval_s_end() -> None:
    """An interval of 80 % leaves 10 % above it."""
    high = memory_document()["quantiles"][1]

    found = [chance_to_fit(80 * GB, 80 * GB), chance_to_fit(80 * GB, 80 * GB * high)]

    assert found == pytest.approx([0.5, 0.9])


def test_a_tight_plan_says_where_and_of_what() -> None:
    roomy = room_document([_stage(0, weights=40)], capacity=80 * GB)
    full = room_document([_stage(3, activations=79)], capacity=80 * GB)

    assert tight(roomy) == ()
    assert tight(full) == (
        Problem(
            "may_not_fit",
            "Stage 3 leaves 1 GB of its device free and fits with a chance of 66.1 %; most of it is activations.",
            "/constraints/memory_headroom",
            "More head-room makes it surer.",
        ),
    )
