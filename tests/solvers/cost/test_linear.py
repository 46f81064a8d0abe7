"""Matrix products pass by pass, and how they are cut."""

import numpy as np
import pytest

from solvers.cost.linear import expert_cut, local_columns, product_seconds
from solvers.cost.parts import Gemm, Stack
from solvers.cost.roofline import gemm_seconds
from tests.solvers.cost.cases import GPT_22B, MIXTURE, free_of_overheads, job, one


def test_a_product_has_three_passes_of_equal_work() -> None:
    """12 h^2 weights a layer, 2 FLOPs each and token, at the rate that large products reach."""
    job_ = job(GPT_22B, gpus=8, stack=Stack(), coefficients=free_of_overheads())
    shards, _ = one(job_, micro_batch=4)
    tokens = np.array([4.0 * 2048])

    found = product_seconds(
        shards,
        tokens,
        architecture=job_.architecture,
        cluster=job_.cluster,
        coefficients=job_.coefficients,
        imbalance=1.0,
        stack=job_.stack,
    )

    expected = 2 * 12 * 6144**2 * 4 * 2048 / job_.cluster.linear_flops_per_s
    assert (found.forward[0], found.inputs[0], found.weights[0]) == pytest.approx((expected,) * 3)


def _forward(stack: Stack) -> float:
    """Forward seconds of all products of a layer in FP8 on H100, casts off."""
    quiet = free_of_overheads(quantisation_passes=0.0, low_precision_efficiency=1.0)
    case = job(GPT_22B, gpus=8, stack=stack, hardware="dgx-h100", precision="fp8", coefficients=quiet)
    found = product_seconds(
        one(case)[0],
        np.array([8192.0]),
        architecture=case.architecture,
        cluster=case.cluster,
        coefficients=quiet,
        imbalance=1.0,
        stack=stack,
    )
    return float(found.forward[0])


def test_wide_products_run_at_their_own_rate_and_wide_layers_in_sixteen_bit() -> None:
    """Of 12 h^2 weights 3 are the queries, keys and values: at half of the rate they take twice as long."""
    narrow = _forward(Stack())

    assert _forward(Stack(wide_products=(("qkv", 1.0),))) == pytest.approx(narrow * 15 / 12, rel=1e-3)
    assert _forward(Stack(wide_products=(("qkv", 2.0),))) == pytest.approx(narrow, rel=1e-3)
    assert _forward(Stack(narrow_layers=0.75)) == pytest.approx(narrow * 1.25, rel=1e-3)


def test_keys_and_values_are_copied_once_there_are_more_ranks_than_kv_heads() -> None:
    gemm = Gemm("qkv", 1.0, columns=4096, inner=4096, split="columns", kv_columns=1024)

    assert local_columns(gemm, np.array([1.0, 4.0, 8.0]), 4) == pytest.approx([5120, 1280, 768])


def test_experts_are_cut_by_tensor_parallelism_only_without_expert_parallelism() -> None:
    job_ = job(GPT_22B, gpus=8, stack=Stack())

    cuts = [float(expert_cut(one(job_, tp=4, ep=ep)[0])[0]) for ep in (1, 2)]

    assert cuts == [4.0, 1.0]


@pytest.mark.parametrize("how", ["loop", "kernel", "apart"])
def test_experts_apart_lose_half_a_wave_each_and_together_one(how: str) -> None:
    case = job(MIXTURE, gpus=1, stack=Stack(experts=how, balanced_experts=True))  # type: ignore[arg-type]
    found = product_seconds(
        one(case)[0],
        np.array([512.0]),
        architecture=case.architecture,
        cluster=case.cluster,
        coefficients=case.coefficients,
        imbalance=1.0,
        stack=case.stack,
    )

    # 512 tokens choose two of eight experts of 1024 x 2048: up with gates, and down.
    rate, cluster, coefficients = case.cluster.linear_flops_per_s, case.cluster, case.coefficients
    kernels, matrices = (8.0, 1.0) if how == "apart" else (1.0, 8.0)
    by_hand = [
        kernels
        * gemm_seconds(
            np.array([128.0]), np.array([columns]), np.array([inner]), matrices=matrices, rate=rate, cluster=cluster,
            coefficients=coefficients,
        )
        for columns, inner in ((4096.0, 1024.0), (1024.0, 2048.0))
    ]  # fmt: skip
    assert found.experts == pytest.approx(sum(by_hand))
