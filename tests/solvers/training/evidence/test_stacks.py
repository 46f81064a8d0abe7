"""What the software of a published run does, from what the row says."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.coefficients import DEFAULT
from solvers.cost.parts import Stack
from solvers.training.evidence.stacks import (
    OFFLOADED_SHARES,
    offloaded_shares,
    shown_bytes,
    stack_of,
    stated_micro_batch,
    zero_stages_of,
)

FSDP2 = Stack(attention="flash2", weights="cast", selective="operators", regathers=False)
NEMO = Stack(gradient_bytes=2, loss="fused", balanced_experts=True, graphs="all", merged_dispatch=False)
TITAN = {"stack": "torchtitan", "date": "202506", "sharding": "FSDP2", "note": "torch.compile; float8"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"stack": "Megatron-LM", "precision": "fp16"},
            Stack(attention="unfused", dropout=True, overlap=False, loss="eager", gradient_bytes=2),
        ),
        (
            {"stack": "llm-foundry/Composer FSDP", "precision": "amp_bf16"},
            Stack(attention="flash1", weights="cast", loss="fused", compiled=False),
        ),
        (TITAN, replace(FSDP2, loss="fused")),
        ({**TITAN, "date": "202412"}, replace(FSDP2, loss="eager")),
        (
            {**TITAN, "note": ""},
            replace(FSDP2, loss="eager", compiled=False),
        ),
        ({"stack": "NeMo 26.04 NeMo Container"}, NEMO),
        (
            {"stack": "NeMo 26.04 NeMo Container", "model": "DeepSeekV3", "precision": "MXFP8"},
            replace(NEMO, moment_bytes=2, linear_input_bytes=1.0),
        ),
        ({"stack": "Megatron-Core r0.8.0"}, Stack()),
    ],
)
def test_a_stack_has_the_habits_of_its_software(row: dict[str, str], expected: Stack) -> None:
    assert stack_of(row) == expected


def test_a_mixture_has_the_habits_of_its_recipe_and_a_dense_model_whole_graphs() -> None:
    row = {"stack": "NeMo 26.06 NeMo Container", "model": "DeepSeekV3", "gpu": "GB200", "precision": "MXFP8"}

    mixture, dense = stack_of({**row, "arch": "moe"}), stack_of({**row, "arch": "llama-dense"})

    assert (mixture.graphs, mixture.fused_experts, mixture.merged_dispatch) == ("all", True, True)
    assert (mixture.overlap_exchange, mixture.short_last) == (True, True)
    assert (dense.graphs, dense.fused_experts, dense.merged_dispatch) == ("all", False, False)
    assert stack_of({**row, "arch": "moe", "stack": "NeMo 24.07a"}).graphs == "none"


@pytest.mark.parametrize(
    ("row", "copies", "stages", "expected"),
    [
        (TITAN, 8, 1, (3,)),
        (TITAN, 8, 4, (1,)),
        (TITAN, 1, 1, (0,)),
        ({"sharding": "FSDP-SHARD_GRAD_OP"}, 8, 1, (2,)),
        ({"sharding": "none"}, 8, 1, (0,)),
        ({"sharding": "dist-optimizer(not stated)"}, 8, 1, (1, 3)),
        ({"sharding": "dist-optimizer(not stated)"}, 8, 2, (1,)),
    ],
)
def test_sharding_that_a_row_leaves_open_is_left_open(
    row: dict[str, str], copies: int, stages: int, expected: tuple[int, ...]
) -> None:
    assert zero_stages_of(row, copies=copies, stages=stages) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"stack": "NeMo 26.04", "model": "LLAMA3_70B"}, OFFLOADED_SHARES),
        ({"stack": "NeMo 26.04", "model": "LLAMA3_8B"}, (0.0,)),
        ({"stack": "llm-foundry", "offload": "activations"}, (1.0,)),
        ({"stack": "llm-foundry", "offload": "none"}, (0.0,)),
    ],
)
def test_activations_may_have_waited_in_the_host_where_the_recipes_say_so(
    row: dict[str, str], expected: tuple[float, ...]
) -> None:
    assert offloaded_shares(row) == expected


def test_a_published_peak_is_without_the_context() -> None:
    device = np.array([80e9])

    assert shown_bytes(device, DEFAULT).tolist() == [80e9 - DEFAULT.context_bytes]


@pytest.mark.parametrize(
    ("stack", "stages", "expected"), [("torchtitan", 8, 4.0), ("torchtitan", 1, 32.0), ("NeMo", 8, 32.0)]
)
def test_a_rank_s_batch_is_cut_into_as_many_micro_batches_as_stages_by_torchtitan(
    stack: str, stages: int, expected: float
) -> None:
    row = {"stack": stack, "mbs": "32"}

    assert stated_micro_batch(row, stages=stages, local_batch=32) == expected
