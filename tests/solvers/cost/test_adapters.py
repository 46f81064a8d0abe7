"""Adapters beside frozen weights: what a step no longer does, and what they add."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.adapters import TARGETS, adapter_parameters, is_kept
from solvers.cost.block import Job, block_of
from solvers.cost.flops import model_flops
from solvers.cost.memory import footprint_of, outer_stages, peak_memory
from solvers.cost.parts import Adapters, Stack
from solvers.cost.step import step_time
from tests.solvers.cost.cases import GPT_22B, free_of_overheads, job, one

QKV = Adapters(rank=16.0, targets=TARGETS["qkv"])
ALL = Adapters(rank=16.0, targets=TARGETS["all"])


def _job(adapters: Adapters | None, *, gpus: int = 8) -> Job:
    plain = job(GPT_22B, gpus=gpus, stack=Stack(), global_batch=8 * gpus, coefficients=free_of_overheads())
    return replace(plain, adapters=adapters)


def test_frozen_weights_have_no_gradients_and_the_backward_pass_one_product_instead_of_two() -> None:
    shards, _ = one(_job(None), tp=8)

    full, frozen = (block_of(shards, _job(adapters)) for adapters in (None, Adapters(1e-9, ())))

    assert full.weights == pytest.approx(full.backward - frozen.backward)
    assert frozen.weights == pytest.approx(np.zeros(1))
    assert frozen.forward == pytest.approx(full.forward)


def test_the_parameters_of_an_adapter_are_its_two_thin_matrices() -> None:
    """Hidden 6144, MHA: the product for queries, keys and values is 6144 x 18432; its cut is along the columns."""
    gemms = _job(QKV).architecture.gemms

    found = adapter_parameters(QKV, gemms, np.array([1, 8]))

    assert found == pytest.approx([16 * (6144 + 18432), 16 * (6144 + 18432 / 8)])
    assert adapter_parameters(None, gemms, np.array([1])) == pytest.approx([0.0])


def test_only_adapters_have_gradients_and_optimizer() -> None:
    job_ = _job(QKV)
    shards, layouts = one(job_)
    stage = outer_stages(layouts, shards, footprint_of(shards, job_), job_)[0]

    trained = 48 * 16 * (6144 + 18432)
    assert (stage.gradients[0], stage.optimizer[0]) == pytest.approx((4 * trained, 12 * trained))


def test_the_parts_of_the_fullest_stage_are_its_peak() -> None:
    for adapters in (QKV, replace(ALL, frozen_bytes=1.0)):
        job_ = _job(adapters)
        for zero in (0, 1, 2, 3):
            shards, layouts = one(job_, tp=2, zero=zero)
            footprint = footprint_of(shards, job_)
            stages = outer_stages(layouts, shards, footprint, job_)
            assert max(stage.total[0] for stage in stages) == pytest.approx(
                peak_memory(layouts, shards, footprint, job_)[0]
            )


def test_frozen_weights_in_eight_bits_take_half_the_memory() -> None:
    weights = []
    for bits in (2.0, 1.0):
        job_ = _job(replace(QKV, frozen_bytes=bits))
        shards, layouts = one(job_)
        weights.append(outer_stages(layouts, shards, footprint_of(shards, job_), job_)[0].weights[0])

    beside = 2 * 48 * 16 * (6144 + 18432)
    assert weights[1] - beside == pytest.approx((weights[0] - beside) / 2)


def test_an_activation_is_kept_if_a_trained_product_reads_it() -> None:
    kept = {name: is_kept(QKV, name) for name in ("mixer_input", "block_input", "mlp_activation", "queries")}

    assert kept == {"mixer_input": True, "block_input": False, "mlp_activation": False, "queries": True}
    assert is_kept(None, "block_input")


def test_the_model_flops_of_frozen_weights_leave_out_their_gradients() -> None:
    """3 (P + A) - P with P products and head, A attention: as NVIDIA counts LoRA runs."""
    plain = job(GPT_22B, gpus=8, stack=Stack(), sequence_length=2048)

    full, frozen = model_flops(plain), model_flops(replace(plain, adapters=QKV))

    products = 2 * (48 * 12 * 6144**2 + 6144 * 51200) * 2048 * 8
    assert full - frozen == pytest.approx(products)


def test_a_larger_rank_or_more_targets_are_never_faster() -> None:
    times = []
    for adapters in (QKV, ALL, replace(ALL, rank=1024.0)):
        job_ = _job(adapters)
        shards, layouts = one(job_, tp=8, zero=1)
        footprint = footprint_of(shards, job_)
        times.append(step_time(layouts, shards, block_of(shards, job_), footprint, job_).total[0])

    assert times == sorted(times)
    assert times[0] < times[1] < times[2]


def test_the_traffic_of_data_parallelism_is_that_of_the_adapters() -> None:
    """On several nodes the gradients of 22e9 weights take long; those of the adapters do not."""
    exposed = []
    for adapters in (None, QKV):
        job_ = _job(adapters, gpus=64)
        shards, layouts = one(job_, tp=8, zero=1)
        footprint = footprint_of(shards, job_)
        exposed.append(step_time(layouts, shards, block_of(shards, job_), footprint, job_).data_parallel[0])

    assert exposed[1] < exposed[0] / 50
