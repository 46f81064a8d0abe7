"""The bound of one GPU."""

import pytest

from solvers.catalogue import model, node
from solvers.cost.serving.bound import bound_of, compute_tokens_per_s
from solvers.cost.serving.job import Layout, Limits, Numerics, ServingJob
from solvers.cost.serving.memory import memory_of


def test_nanoflow_says_1857_tokens_a_second_for_llama_2_70b():
    assert compute_tokens_per_s(70e9, 260e12) == pytest.approx(1857, abs=0.5)


def _bound(**more):
    job = ServingJob(
        model("llama-2-70b"), node("dgx-a100-80"), layout=Layout(tp=8), limits=Limits(max_num_seqs=2048), **more
    )
    return bound_of(job, memory_of(job), input_tokens=1024.0, output_tokens=512.0)


def test_a_70b_model_on_eight_a100_is_bound_by_compute():
    found = _bound()

    assert found.binding == "compute"
    assert found.reached == pytest.approx(312e12 / (2.0 * 68.98e9) / 3.0, rel=1e-3)


def test_memory_binds_long_outputs_of_few_sequences():
    job = ServingJob(model("llama-2-70b"), node("dgx-a100-80"), layout=Layout(tp=8), limits=Limits(max_num_seqs=4))
    memory = memory_of(job)

    found = bound_of(job, memory, input_tokens=100.0, output_tokens=2000.0)

    assert found.binding == "memory"
    read = memory.weights_bytes + 4 * 1100.0 * memory.token_bytes
    assert found.reached == pytest.approx(4 * 2.039e12 / read / 8, rel=1e-9)


def test_one_gpu_has_no_network_bound():
    job = ServingJob(model("llama-3.1-8b"), node("dgx-h100"), numerics=Numerics("fp8"))

    assert bound_of(job, memory_of(job), input_tokens=1.0, output_tokens=1.0).network_tokens_per_s_per_gpu == float(
        "inf"
    )
