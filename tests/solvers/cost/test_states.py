"""Bytes of a parameter's weight, gradient and optimizer, by what the stack does."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from solvers.cost.parts import Adapters, Stack
from solvers.cost.states import bytes_a_parameter, passing_bytes, state_bytes, zero_shares
from tests.solvers.cost.cases import GPT_22B, job

ZERO = np.arange(4)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (Stack(), [18.0, 6 + 12 / 8, 2 + 16 / 8, 18 / 8]),
        (Stack(gradient_bytes=2, moment_bytes=2), [12.0, 4 + 8 / 8, 2 + 10 / 8, 12 / 8]),
        # FSDP: 16 bytes a parameter, all sharded; its gradients are fp32 once they are.
        (Stack(weights="cast"), [18.0, 6 + 12 / 8, 2 + 16 / 8, 16 / 8]),
        (Stack(weights="cast", gradient_bytes=2), [16.0, 4 + 12 / 8, 2 + 16 / 8, 16 / 8]),
        (Stack(weight_copies=1.125), [19.125, 7.125 + 12 / 8, 3.125 + 16 / 8, 19.125 / 8]),
    ],
)
def test_bytes_of_a_parameter_by_zero_stage(stack: Stack, expected: list[float]) -> None:
    case = job(GPT_22B, gpus=8, stack=stack)

    found = bytes_a_parameter(ZERO, np.full(4, 1 / 8), case)

    assert found.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("weights", ["copied", "cast"])
def test_the_parts_add_up_to_the_whole(weights: Literal["copied", "cast"]) -> None:
    case = job(GPT_22B, gpus=8, stack=Stack(weights=weights))
    share = np.full(4, 1 / 8)

    parts = state_bytes(zero_shares(ZERO, share), case)

    assert sum(parts).tolist() == pytest.approx(bytes_a_parameter(ZERO, share, case).tolist())


def test_frozen_weights_pass_in_what_they_are_kept_in() -> None:
    case = job(GPT_22B, gpus=8)
    frozen = replace(case, adapters=Adapters(rank=16.0, targets=("qkv",), frozen_bytes=1.0))

    assert [passing_bytes(case), passing_bytes(frozen)] == [2.0, 1.0]
