"""The attention core on GPUs and under kernels of different ages."""

from typing import Literal

import pytest

from solvers.cost.block import block_of
from solvers.cost.coefficients import DEFAULT
from solvers.cost.parts import Stack
from tests.solvers.cost.cases import GPT_22B, job, one


def _forward(attention: Literal["flash", "flash2", "flash1", "unfused"], *, hardware: str) -> float:
    case = job(GPT_22B, gpus=8, stack=Stack(attention=attention), hardware=hardware, precision="bf16")
    shards, _ = one(case, tp=8)
    return float(block_of(shards, case).forward[0])


def _core(*, hardware: str) -> float:
    """2 a d s^2 FLOPs on each of 8 ranks, causal, at the attention's share of the rate."""
    case = job(GPT_22B, gpus=8, stack=Stack(), hardware=hardware, precision="bf16")
    flops = 2 * 6144 * 2048**2 / 8 * (1 + DEFAULT.attention_half_length / 2048)
    return flops / (float(case.cluster.attention_flops_per_s) * DEFAULT.attention_forward)


def test_kernels_of_the_second_generation_keep_their_rate_on_an_ampere_gpu() -> None:
    assert _forward("flash2", hardware="dgx-a100-80") == _forward("flash", hardware="dgx-a100-80")


def test_kernels_of_the_second_generation_are_slower_where_matrix_units_are_asynchronous() -> None:
    lost = _core(hardware="dgx-h100") * (1 / DEFAULT.attention_older_instructions - 1)

    assert _forward("flash2", hardware="dgx-h100") - _forward("flash", hardware="dgx-h100") == pytest.approx(lost)


def test_kernels_of_the_first_generation_lose_on_both() -> None:
    first = DEFAULT.attention_first_generation
    ampere = _core(hardware="dgx-a100-80") * (1 / first - 1)
    hopper = _core(hardware="dgx-h100") * (1 / (first * DEFAULT.attention_older_instructions) - 1)

    lost = [
        _forward("flash1", hardware=node) - _forward("flash", hardware=node) for node in ("dgx-a100-80", "dgx-h100")
    ]

    assert lost == pytest.approx([ampere, hopper])
