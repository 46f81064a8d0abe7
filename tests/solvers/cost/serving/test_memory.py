"""Memory of a replica's GPU and its KV blocks, by hand and by law."""

import pytest

from solvers.catalogue import model, node
from solvers.cost.serving.job import Adapters, Layout, Limits, Numerics, ServingJob
from solvers.cost.serving.memory import memory_of, sequence_bytes, token_bytes, weight_bytes


def _job(name="llama-3.1-8b", on="dgx-h100", **more):
    return ServingJob(model(name), node(on), **more)


def test_a_token_of_llama_8b_takes_131072_bytes():
    assert token_bytes(_job()) == 32 * 2 * 8 * 128 * 2 == 131_072


def test_fp8_halves_the_cache():
    assert token_bytes(_job(numerics=Numerics("bf16", "fp8"))) == 65_536


def test_a_token_of_deepseek_v3_is_a_latent_a_layer_on_every_rank():
    for tp in (1, 8):
        job = _job("deepseek-v3", "hgx-h200", layout=Layout(tp=tp))

        assert token_bytes(job) == 61 * 576 * 2


def test_an_index_keeps_its_keys_beside_the_latents():
    job = _job("deepseek-v3.2", "hgx-h200", layout=Layout(tp=8))

    assert token_bytes(job) == 61 * (576 * 2 + 128 + 4)


def test_more_ranks_than_kv_heads_copy_them():
    eight, sixteen = (token_bytes(_job("llama-3.1-70b", layout=Layout(tp=tp))) for tp in (8, 16))

    assert eight == sixteen == 80 * 2 * 128 * 2


def test_windows_hold_a_constant():
    job = _job("gpt-oss-120b")

    assert token_bytes(job) == 18 * 2 * 8 * 64 * 2
    assert sequence_bytes(job, 4000.0) == 18 * 2 * 8 * 64 * 2 * 128


@pytest.mark.parametrize("name", ["llama-3.1-8b", "llama-3.1-70b", "qwen3-32b", "deepseek-v3", "qwen3-235b-a22b"])
def test_weights_of_one_gpu_are_two_bytes_a_parameter(name):
    job = _job(name)

    assert weight_bytes(job) == pytest.approx(2.0 * job.model.parameters, rel=2e-3)


def test_tensor_parallelism_halves_the_weights():
    one, two = (weight_bytes(_job("llama-3.1-70b", layout=Layout(tp=tp))) for tp in (1, 2))

    assert two == pytest.approx(one / 2.0, rel=1e-3)


def test_stages_share_the_layers():
    one, two = (weight_bytes(_job("llama-3.1-70b", layout=Layout(pp=pp))) for pp in (1, 2))

    assert one / 2.0 <= two < 0.51 * one


def test_experts_are_spread_over_all_ranks():
    alone = weight_bytes(_job("qwen3-235b-a22b", layout=Layout(tp=8, ep=8)))
    ranks = weight_bytes(_job("qwen3-235b-a22b", layout=Layout(dp=8, ep=8)))
    model_ = model("qwen3-235b-a22b")
    experts = 2.0 * 128 * 3 * model_.hidden * model_.moe.ffn * model_.layers / 8

    assert experts < alone < ranks < experts + 2.0 * (model_.parameters - 8 * experts / 2.0) * 1.01


def test_memory_sums_and_blocks_fill_what_is_left():
    found = memory_of(_job(), utilization=0.9)

    left = 0.9 * found.capacity_bytes - found.weights_bytes - found.activation_bytes - found.other_bytes
    assert found.blocks == int(left // (16 * 131_072))
    assert found.total_bytes <= 0.9 * found.capacity_bytes
    assert found.total_bytes > 0.9 * found.capacity_bytes - 16 * 131_072


def test_a_model_that_does_not_fit_has_no_blocks():
    found = memory_of(_job("llama-3.1-70b"))

    assert not found.fits
    assert found.blocks == 0
    assert found.kv_bytes == 0.0


def test_adapters_take_memory():
    plain, with_them = (weight_bytes(_job(adapters=one)) for one in (None, Adapters(count=10, rank=16)))
    h, kv, f = 4096, 1024, 14336

    assert with_them - plain == 2 * 10 * 16 * 32 * ((h + h + 2 * kv) + (h + h) + (h + 2 * f) + (f + h))


def test_longer_contexts_spread_windows_thinner():
    few, many = (memory_of(_job("gpt-oss-20b", limits=Limits(max_model_len=n))).blocks for n in (1024, 65536))

    assert few < many
