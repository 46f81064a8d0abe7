"""Geometry of one GPU's work, by hand."""

import pytest

from solvers.cost.serving.job import Adapters, Layout, Numerics
from solvers.cost.serving.work import work_of
from tests.solvers.cost.serving.jobs import job

WHOLE, WIDE = Layout(), Numerics()


def _work(name, layout=WHOLE, numerics=WIDE, adapters=None):
    return work_of(job(name).model, layout, numerics, adapters)


def test_products_of_a_dense_layer_cut_by_four():
    products = _work("llama-3.1-70b", Layout(tp=4)).products

    shapes = dict(zip(products.names, zip(products.columns, products.inner, strict=True), strict=True))
    assert shapes == {
        "qkv": (8192 / 4 + 2 * 8 * 128 / 4, 8192),
        "attention_out": (8192, 2048),
        "mlp_up": (2 * 28672 / 4, 8192),
        "mlp_down": (8192, 7168),
    }
    assert products.count.tolist() == [80, 80, 80, 80]


def test_experts_are_cut_over_what_groups_leave():
    whole = _work("deepseek-v3", Layout(tp=8)).experts
    spread = _work("deepseek-v3", Layout(dp=16, ep=16)).experts

    assert (whole.held, whole.up_columns, whole.down_inner) == (256, 2 * 2048 / 8, 2048 / 8)
    assert (spread.held, spread.up_columns, spread.down_inner) == (16, 4096, 2048)
    assert whole.layers == 58


def test_latent_attention_reads_a_latent_whatever_the_ranks():
    attention = _work("deepseek-v3", Layout(tp=8), Numerics("fp8", "fp8")).attention

    assert attention.kv_bytes == 576
    assert attention.decode_flops == 2 * 16 * (2 * 512 + 64)
    assert attention.prefill_flops == 2 * 16 * (128 + 64 + 128)
    assert attention.expand_flops == 2 * 512 * 16 * 256


def test_a_state_is_keys_times_values_of_each_head():
    state = _work("qwen3.5-35b-a3b").recurrence

    one = job("qwen3.5-35b-a3b").model.linear
    keys, values = one.key_heads * one.key_dim, one.value_heads * one.value_dim
    expected = 4 * one.value_heads * one.key_dim * one.value_dim + 2 * (2 * keys + values) * (one.conv - 1)
    assert state.state_bytes == expected
    assert state.layers == 30


def test_mamba_states_are_cut_over_ranks():
    one, two = (_work("nemotron-3-nano-30b-a3b", Layout(tp=tp)).recurrence.state_bytes for tp in (1, 2))

    assert two == one / 2


def test_reductions_follow_each_mixer_and_each_block():
    assert _work("llama-3.1-8b").reductions == 64
    assert _work("nemotron-3-nano-30b-a3b").reductions == 52


def test_adapters_stand_beside_every_product():
    work = _work("llama-3.1-8b", adapters=Adapters(count=4, rank=8))

    assert work.adapter_layers == 128
    assert work.adapter_columns.sum() == pytest.approx(32 * (6144 + 4096 + 28672 + 4096))
