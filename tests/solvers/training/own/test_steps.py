"""Steps of the recipe as runs of the kernel."""

import numpy as np
import pytest

from solvers.catalogue.hardware import Node
from solvers.cost.flops import model_flops
from solvers.cost.layouts import RECOMPUTE
from solvers.recipes import get
from solvers.recipes.training_step import TrainingStepParams
from solvers.training.own.steps import batches, case, reason_against
from tests.solvers.training.own import machine
from tests.solvers.training.own.asked import step

NODE = Node.model_validate(machine.NODE)


def params(**more: object) -> TrainingStepParams:
    return TrainingStepParams.model_validate({**step(256, 4, 2048, 128, micro_batch=2, micro_batches=3), **more})


def test_the_kernel_counts_the_operations_that_the_recipe_counts() -> None:
    asked = params()

    job = case(asked, 4, NODE).job

    counted = get("training_step").rates(asked, {"layers": 4}, 1.0)["flops_per_s"]
    # The recipe's triangle of queries and keys has its diagonal, the kernel's has not.
    assert float(model_flops(job)) == pytest.approx(counted, rel=0.01)


MOE = {"experts": 8, "top_k": 2, "ffn": 192, "shared_ffn": 64, "first_dense": 1}


def test_the_kernel_counts_a_mixtures_operations_as_the_recipe_does() -> None:
    asked = params()
    mixture = params(model={**asked.model.model_dump(), "moe": MOE})

    found = case(mixture, 3, NODE)

    counted = get("training_step").rates(mixture, {"layers": 3}, 1.0)["flops_per_s"]
    assert float(model_flops(found.job)) == pytest.approx(counted, rel=0.01)
    assert found.moe
    assert float(found.job.architecture.moe_share) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("device", "how"), [("cpu", "apart"), ("cuda", "kernel")])
def test_experts_are_one_kernel_on_a_gpu_and_products_apart_on_a_cpu(device: str, how: str) -> None:
    stack = case(params(device=device), 2, NODE).job.stack

    assert (stack.experts, stack.balanced_experts, stack.merged_dispatch) == (how, True, False)


def test_a_step_is_cut_as_it_says() -> None:
    asked = params(parallel={"fsdp": 2, "tp": 2}, recompute="full")

    found = case(asked, 2, NODE)

    assert (float(found.job.cluster.gpus), found.job.global_batch, found.job.architecture.layers) == (4.0, 12, 2)
    assert found.shards.tp.tolist() == [2]
    assert found.layouts.dp.tolist() == [2.0]
    assert found.layouts.zero.tolist() == [3]
    assert found.layouts.recompute.tolist() == [RECOMPUTE.index("full")]


def test_steps_of_several_shapes_keep_their_order() -> None:
    runs = batches([(params(), 4), (params(recompute="selective"), 2), (params(), 1)], NODE)

    assert np.concatenate([batch.owner for batch in runs]).tolist() == [0, 1, 2]
    assert [float(layers) for layers in runs[0].job.architecture.layers] == [4.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, ""),
        ({"precision": "fp32"}, "The step computes in 32 bits; plans compute in 16 or less."),
        ({"parallel": {"dp": 2, "fsdp": 2}}, "Shards within replicas are not learned from."),
    ],
)
def test_what_the_kernel_has_no_words_for_is_said(more: dict[str, object], reason: str) -> None:
    assert reason_against(params(**more)) == reason
