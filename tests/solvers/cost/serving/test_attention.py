"""Attention and states, against tables of operators that the curves were fitted to, and by hand."""

import numpy as np
import pytest

from solvers.cost.serving.attention import chunk_rates, decode_rates, lost_s, starts_s
from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import Layout, Numerics, Software
from solvers.cost.serving.lookup import curves_of
from solvers.cost.serving.work import work_of
from tests.solvers.cost.serving.jobs import job


def _rates(one, decodes):
    work, curves = work_of(one.model, one.layout, one.numerics, None), curves_of(one)
    return decode_rates(np.array([decodes]), one, work, curves, DEFAULT), starts_s(work, curves, chunks=False)


def _chunk(one, tokens):
    work, curves = work_of(one.model, one.layout, one.numerics, None), curves_of(one)
    rates = chunk_rates(one, work, curves, DEFAULT)
    pairs = tokens * (tokens + 1.0) / 2.0
    start = starts_s(work, curves, chunks=True)
    return start + rates.pair * pairs + lost_s(one, work, curves, DEFAULT) * tokens


@pytest.mark.parametrize(("batch", "context", "measured_us"), [(1, 4096, 16.9), (32, 2048, 100.8), (256, 1024, 364.4)])
def test_decodes_of_a_layer_are_near_the_measured_ones(batch, context, measured_us):
    """32 heads, 8 KV heads of 128, 16 bit, H100, vLLM 0.24: `generation_attention_perf`."""
    found, start = _rates(job(software=Software("vllm", "0.24.0")), float(batch))

    seconds = (start + found.base[0] + found.context[0] * batch * context) / 32

    assert seconds == pytest.approx(measured_us * 1e-6, rel=0.15)


@pytest.mark.parametrize(("tokens", "measured_us"), [(2048, 89.0), (8192, 912.2), (16384, 3310.4)])
def test_a_chunk_of_a_layer_is_near_the_measured_one(tokens, measured_us):
    """The same heads: `context_attention_perf`."""
    seconds = _chunk(job(software=Software("vllm", "0.24.0")), float(tokens)) / 32

    assert seconds == pytest.approx(measured_us * 1e-6, rel=0.25)


def test_windows_are_read_by_the_layers_that_have_them():
    found, _ = _rates(job("gpt-oss-120b"), 8.0)

    assert found.context[0] == pytest.approx(found.window[0])


@pytest.mark.parametrize(("engine", "tokens", "measured_us"), [("vllm", 4096, 289.0), ("sglang", 4096, 756.0)])
def test_a_scan_is_near_the_measured_one(engine, tokens, measured_us):
    """64 heads of 128 x 128, H200: convolution and chunks of `gdn_perf`."""
    one = job("qwen3.5-397b-a17b", "hgx-h200", software=Software(engine))
    full = job("qwen3.5-397b-a17b", "hgx-h200", software=Software(engine))
    work, curves = work_of(one.model, one.layout, one.numerics, None), curves_of(one)
    attended = work.attention.full_layers * (
        curves.prefill.lost * work.attention.prefill_flops / (full.node.gpu.peak("bf16") * curves.prefill.compute)
    )

    scan = (lost_s(one, work, curves, DEFAULT) - attended) * tokens / work.recurrence.layers

    assert scan == pytest.approx(measured_us * 1e-6, rel=0.35)


def test_a_decode_reads_and_writes_its_state():
    """64 sequences of 4.2 MB on an H200: 136 us, 224 MB of it read and as much written."""
    found, _ = _rates(job("qwen3.5-397b-a17b", "hgx-h200"), 64.0)
    work = work_of(job("qwen3.5-397b-a17b").model, Layout(), Numerics(), None)
    attended = _attended(work, job("qwen3.5-397b-a17b", "hgx-h200"))

    seconds = (found.base[0] - attended) / work.recurrence.layers

    assert seconds == pytest.approx(141e-6, rel=0.1)


def _attended(work, one):
    curve = curves_of(one).decode
    a_sequence = work.attention.kv_heads * curve.kv_head_s + work.attention.heads * curve.head_s
    return work.attention.full_layers * a_sequence * 64.0
