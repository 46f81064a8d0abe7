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
            replace(NEMO, moment_bytes=2, linear_input_bytes=1.0, merged_dispatch=True),
        ),
        ({"stack": "Megatron-Core r0.8.0"}, Stack()),
    ],
)
def test_a_stack_has_the_habits_of_its_software(row: dict[str, str], expected: Stack) -> None:
    assert stack_of(row) == expected


def test_recipes_exchange_tokens_with_hybridep_on_nvl72_and_for_some_models_everywhere() -> None:
    rows = [
        ("GB200", "Qwen3_235B_a22B"),
        ("H100", "Qwen3_235B_a22B"),
        ("H100", "DeepSeekV3"),
        ("B300", "Nemotron_3_Super"),
    ]

    found = [stack_of({"stack": "NeMo 26.04", "gpu": gpu, "model": model}).merged_dispatch for gpu, model in rows]

    assert found == [True, False, True, True]


@pytest.mark.parametrize(
    ("change", "graphs", "fused"),
    [
        ({"stack": "NeMo 24.07a"}, "none", False),
        ({"stack": "NeMo 26.04 NeMo Container", "gpu": "B200"}, "none", False),
        ({"stack": "NeMo 26.04 NeMo Container", "gpu": "GB200"}, "parts", False),
        ({"stack": "NeMo 26.06 NeMo Container", "gpu": "GB200"}, "all", True),
        ({"stack": "NeMo 26.06 NeMo Container", "gpu": "GB200", "arch": "llama-dense"}, "all", False),
    ],
)
def test_what_a_container_captures_in_graphs(change: dict[str, str], graphs: str, fused: bool) -> None:
    found = stack_of({"arch": "moe", **change})

    assert (found.graphs, found.fused_experts) == (graphs, fused)


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
