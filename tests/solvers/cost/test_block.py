"""Habits of a stack and parts of a model that change a layer's seconds."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.block import block_of, imbalance
from solvers.cost.cluster import CAST_BYTES, cluster_of
from solvers.cost.linear import product_seconds
from solvers.cost.parts import Stack
from tests.solvers.cost.cases import GPT_22B, MIXTURE, free_of_overheads, job, node, one


@pytest.mark.parametrize("scaling", ["tensor", "row", "block"])
def test_fp8_casts_the_inputs_forward_and_the_gradients_of_outputs_backward(scaling: str) -> None:
    """GPT: inputs of the four products are h, h, h and 4 h wide, outputs 3 h, h, 4 h and h."""
    plain = job(GPT_22B, gpus=8, stack=Stack(), hardware="dgx-h100", precision="fp8")
    quiet = free_of_overheads(quantisation_passes=1.0)
    cluster = cluster_of(node("dgx-h100"), gpus=8, precision="fp8", scaling=scaling, coefficients=quiet)
    shards, tokens = one(plain)[0], np.array([2048.0])

    cast, free = (
        product_seconds(
            shards,
            tokens,
            architecture=plain.architecture,
            cluster=one_cluster,
            coefficients=quiet,
            imbalance=1.0,
            stack=plain.stack,
        )
        for one_cluster in (cluster, replace(cluster, cast_bytes=0.0))
    )

    element = 2048 * 6144 * CAST_BYTES[scaling] / cluster.memory_bytes_per_s
    assert cast.forward - free.forward == pytest.approx([7 * element])
    assert cast.inputs - free.inputs == pytest.approx([9 * element])
    assert cast.weights == pytest.approx(free.weights)


def test_sixteen_bit_products_are_not_cast() -> None:
    assert job(GPT_22B, gpus=8, hardware="dgx-h100", precision="bf16").cluster.cast_bytes == 0.0
    assert job(GPT_22B, gpus=8, hardware="dgx-a100-80", precision="fp8").cluster.cast_bytes == 0.0


def test_asynchronous_matrix_units_hide_a_part_of_the_waves() -> None:
    """All hidden: what remains is the time at the full rate."""
    seconds = []
    for hidden in (0.0, 1.0):
        loud = free_of_overheads(gemm_wave_elements=1.0, gemm_wave_s=1e-9, gemm_wave_hidden=hidden)
        seconds.append(
            [
                float(block_of(one(found)[0], found).forward[0])
                for found in (
                    job(GPT_22B, gpus=8, stack=Stack(), hardware=name, coefficients=loud, precision="bf16")
                    for name in ("dgx-a100-80", "dgx-h100")
                )
            ]
        )

    assert seconds[0][0] == pytest.approx(seconds[1][0])
    assert seconds[0][1] > 1.1 * seconds[1][1]


def test_selective_recomputation_of_operators_does_half_of_the_products_again() -> None:
    plain = job(GPT_22B, gpus=8, stack=Stack(), coefficients=free_of_overheads())
    operators = replace(plain, stack=Stack(selective="operators"))
    shards = one(plain)[0]

    again = block_of(shards, operators).selective - block_of(shards, plain).selective

    assert again == pytest.approx(block_of(shards, plain).weights / 2)


def test_a_balanced_router_has_no_busiest_expert() -> None:
    plain = job(MIXTURE, gpus=8, stack=Stack(), precision="bf16")

    assert imbalance(plain) == plain.coefficients.expert_imbalance
    assert imbalance(replace(plain, stack=Stack(balanced_experts=True))) == 1.0


def test_fused_experts_move_less_and_biases_or_sorting_apart_more() -> None:
    plain = job(MIXTURE, gpus=8, stack=Stack()).architecture.elementwise_expert
    apart = job(MIXTURE, gpus=8, stack=Stack(merged_dispatch=False)).architecture.elementwise_expert
    fused = job(MIXTURE, gpus=8, stack=Stack(fused_experts=True)).architecture.elementwise_expert
    biased = job({**MIXTURE, "mlp_bias": True}, gpus=8, stack=Stack()).architecture.elementwise_expert

    assert apart - plain == pytest.approx(2 * 8 * 1024)
    assert (fused, plain, biased) == pytest.approx(
        (2 * 4 * 1024, 2 * (4 * 1024 + 6 * 2048), 2 * (4 * 1024 + 6 * 2048 + 8 * (2 * 2048 + 1024)))
    )


def test_a_token_predicted_ahead_costs_one_more_layer_and_head() -> None:
    plain, ahead = (job({**MIXTURE, "mtp_layers": count}, gpus=8, stack=Stack(), precision="bf16") for count in (0, 1))
    shards = one(plain)[0]
    layer, more = block_of(shards, plain), block_of(shards, ahead)

    assert more.head_forward - layer.head_forward == pytest.approx(layer.head_forward + layer.forward)
    assert more.head_backward - layer.head_backward == pytest.approx(layer.head_backward + layer.backward)


def test_a_hybrid_model_predicts_ahead_with_a_mixer_and_a_block() -> None:
    hybrid = {
        "layers": 4, "hidden": 1024, "heads": 8, "ffn": 4096, "vocab": 32000, "pattern": "*-*-", "mtp_layers": 2,
        "source": MIXTURE["source"],
    }  # fmt: skip

    found = job(hybrid, gpus=8, stack=Stack()).architecture

    assert (found.predicted_ahead, found.layers_ahead) == (2, 4)
