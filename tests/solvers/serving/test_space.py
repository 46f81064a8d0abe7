"""The settings of a step that a spec leaves open, beside those that it gives."""

from typing import Any

import pytest

from solvers.serving.space import sequence_limits, token_limits
from solvers.serving.study import study
from tests.solvers.serving.asked import spec


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        ({}, [(tokens, True) for tokens in (512, 1024, 2048, 4096, 8192, 16_384)]),
        ({"max_num_seqs": 5000}, [(8192, True), (16_384, True)]),
        ({"max_num_seqs": 20_000}, [(20_000, True)]),
        ({"max_num_batched_tokens": 32}, [(32, True)]),
        ({"chunked_prefill": False}, [(9000, False)]),
        ({"chunked_prefill": False, "max_num_batched_tokens": 40_000}, [(40_000, False)]),
        ({"chunked_prefill": False, "max_num_batched_tokens": 4096}, []),
    ],
)
def test_a_step_has_tokens_for_its_sequences_and_for_whole_prompts(fix: dict[str, Any], expected: list[Any]) -> None:
    assert token_limits(spec(options={"fix": fix}), longest=9000) == expected


def test_a_small_step_has_as_many_sequences_as_tokens() -> None:
    assert sequence_limits(spec(), tokens=2048) == [64, 128, 256, 1024]
    assert sequence_limits(spec(), tokens=32) == [32]
    assert sequence_limits(spec(options={"fix": {"max_num_seqs": 7}}), tokens=32) == [7]


@pytest.mark.parametrize("fix", [{"max_num_batched_tokens": 32}, {"max_num_seqs": 4096}])
def test_unusual_steps_are_simulated(fix: dict[str, int]) -> None:
    asked = study(
        spec(options={"fix": fix, "forbid": ["disaggregated", "pp"]}, traffic={"rate": 1, "input": 40, "output": 4})
    )

    found = asked.again()

    setup = found.ranked[0].candidate.groups[0].setup
    assert {name: getattr(setup, name) for name in fix} == fix
