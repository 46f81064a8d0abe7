"""Step seconds: laws, agreement of tables and formulas, sums of terms."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.catalogue import model, node
from solvers.cost.serving.job import Adapters, Layout, Limits, Numerics, ServingJob, Software
from solvers.cost.serving.step import step_cost
from solvers.cost.serving.steps import decode_steps, mixed_steps, pairs_of, step_seconds, terms, windowed_pairs

LIMITS = Limits(max_num_batched_tokens=2048, max_num_seqs=256, max_model_len=8192)


def _job(name="llama-3.1-8b", on="dgx-h100", **more):
    return ServingJob(model(name), node(on), limits=LIMITS, **more)


JOBS = {
    "dense": _job(),
    "dense cut by four": _job("llama-3.1-70b", layout=Layout(tp=4), numerics=Numerics("fp8", "fp8")),
    "latent attention, experts, ranks": _job(
        "deepseek-v3", "hgx-h200", layout=Layout(dp=8, ep=8), numerics=Numerics("fp8_block", "fp8")
    ),
    "windows and experts of four bits": _job(
        "gpt-oss-120b", layout=Layout(tp=2, ep=2), numerics=Numerics("bf16", experts="nvfp4")
    ),
    "linear attention": _job("qwen3.5-35b-a3b", layout=Layout(tp=2)),
    "state space": _job("nemotron-3-nano-30b-a3b", "dgx-b200", numerics=Numerics("nvfp4", "fp8")),
    "an index": _job("glm-5", "dgx-b200", layout=Layout(tp=8), numerics=Numerics("fp8_block", "fp8")),
    "stages": _job("llama-3.1-70b", "dgx-a100-80", layout=Layout(tp=2, pp=2)),
    "adapters": _job(adapters=Adapters(count=8, rank=16)),
    "old vLLM": _job(software=Software("vllm", "0.9.1")),
}


def _mix(job):
    decodes, context = np.array([1.0, 8.0, 200.0, 0.0, 60.0]), np.array([100.0, 5000.0, 700.0, 0.0, 900.0])
    chunks, new, before = (np.array(v) for v in ([0.0, 0, 0, 1, 2], [0.0, 0, 0, 2048, 300], [0.0, 0, 0, 0, 500]))
    return mixed_steps(decodes, context, chunks=chunks, new=new, before=before, job=job)


def _by_tables(cost, steps, job):
    """The formula at the head of `tables`, entry by entry."""
    found = []
    for i in range(len(steps.tokens)):
        tokens, decodes = int(steps.tokens[i]), int(steps.decodes[i])
        device = (cost.mixed_tokens if steps.chunks[i] else cost.decode_tokens)[tokens]
        read = cost.decode_base[decodes] + cost.decode_context[decodes] * steps.decode_context[i]
        read += cost.decode_window[decodes] * steps.decode_window[i]
        device += cost.sampled[int(steps.sampled[i])] + read * (cost.mixed_decode if steps.chunks[i] else 1.0)
        device += cost.chunk * steps.chunks[i] + cost.pair * steps.pairs[i] + cost.pair_window * steps.pairs_window[i]
        device += cost.context * steps.context[i]
        if len(cost.shared_tokens) > 1:
            device += cost.shared_tokens[int(steps.total[i])]
        host = cost.host + cost.host_sequence * steps.sequences[i]
        hops = (job.layout.pp - 1) * cost.hop[tokens]
        found.append((max(device, host) if cost.overlapped else device + host) + hops)
    return np.array(found)


@pytest.mark.parametrize("name", JOBS)
def test_tables_and_formula_agree(name):
    job = JOBS[name]
    steps = _mix(job)

    seconds = step_seconds(steps, job)

    np.testing.assert_allclose(seconds, _by_tables(step_cost(job), steps, job), rtol=1e-12)


@pytest.mark.parametrize("name", JOBS)
def test_terms_sum_to_the_step(name):
    job = JOBS[name]
    steps = _mix(job)

    summed = sum(terms(steps, job).values())

    np.testing.assert_allclose(summed, step_seconds(steps, job), rtol=1e-12)


@pytest.mark.parametrize("name", JOBS)
def test_no_table_falls_with_more_tokens_sequences_or_context(name):
    cost = step_cost(JOBS[name])

    for table in (cost.decode_tokens, cost.mixed_tokens, cost.shared_tokens, cost.sampled, cost.decode_base, cost.hop):
        assert np.all(np.diff(table) >= -1e-15)
        assert np.all(np.isfinite(table))
    total = np.arange(len(cost.decode_context)) * cost.decode_context
    assert np.all(np.diff(total) >= 0.0)
    assert min(cost.chunk, cost.pair, cost.pair_window, cost.context, cost.host) >= 0.0


@pytest.mark.parametrize("name", JOBS)
def test_more_bandwidth_is_never_slower(name):
    job = JOBS[name]
    faster = job.node.gpu.model_copy(update={"memory_bytes_per_s": 1.5 * job.node.gpu.memory_bytes_per_s})
    link = job.node.link.model_copy(update={"bytes_per_s": 2.0 * job.node.link.bytes_per_s})
    steps = _mix(job)

    better = step_seconds(steps, replace(job, node=job.node.model_copy(update={"gpu": faster, "link": link})))

    assert np.all(better <= step_seconds(steps, job) * (1 + 1e-12))


def test_fp8_is_never_slower_where_the_gpu_has_it():
    steps = _mix(JOBS["dense"])

    half, narrow = (step_seconds(steps, _job(numerics=Numerics(kind))) for kind in ("bf16", "fp8"))

    assert np.all(narrow <= half)


def test_a_decode_of_a_small_model_is_about_the_reading_of_its_weights():
    job = _job()
    floor_s = 2.0 * (job.model.parameters - job.model.vocab * job.model.hidden) / job.node.gpu.memory_bytes_per_s

    one = float(step_seconds(decode_steps(np.array([1.0]), np.array([128.0]), job=job), job)[0])

    assert floor_s < one < 2.0 * floor_s


def test_pairs_are_counted_as_by_hand():
    assert pairs_of(3.0, 2.0) == 3 + 4 + 5
    assert windowed_pairs(3.0, 2.0, 4.0) == 3 + 4 + 4
    assert windowed_pairs(3.0, 9.0, 4.0) == 12
    assert windowed_pairs(3.0, 0.0, 10.0) == 6


def test_an_index_reads_a_limited_number_of_tokens_and_looks_at_all():
    plain, picking = (_job(name, "hgx-h200", layout=Layout(tp=8)) for name in ("deepseek-v3", "deepseek-v3.2"))
    contexts = np.array([1_000.0, 100_000.0])

    full, some = (
        terms(decode_steps(np.array([64.0, 64.0]), contexts, job=one), one)["attention"] for one in (plain, picking)
    )

    assert some[0] > full[0]
    assert some[1] < 0.5 * full[1]
    assert step_cost(picking).window == 2048


def test_experts_that_are_cut_are_sent_tokens_by_every_rank():
    whole, cut = (
        _job("deepseek-v3", "hgx-h200", layout=Layout(dp=8, ep=ep), numerics=Numerics("fp8_block")) for ep in (8, 1)
    )

    few, many = (
        terms(decode_steps(np.array([256.0]), np.array([100.0]), job=one), one)["exchange"][0] for one in (whole, cut)
    )

    assert few < many


def test_only_a_kernel_that_serves_both_makes_decodes_wait_for_chunks():
    boxes = {"dgx-a100-80": 2.0, "rtx-4090-box": 2.0, "dgx-h100": 1.25, "dgx-b200": 1.0}

    found = {on: step_cost(_job(on=on)).mixed_decode for on in boxes}

    assert found == boxes
    assert step_cost(_job(on="dgx-a100-80", software=Software("sglang"))).mixed_decode == 1.0


def test_only_old_vllm_waits_for_its_host():
    assert [step_cost(_job(software=Software("vllm", v))).overlapped for v in ("", "0.9.1", "0.14.0", "0.24.0")] == [
        True,
        False,
        True,
        True,
    ]
