"""Step times by hand, with every overhead switched off."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.block import block_of
from solvers.cost.flops import hardware_flops, model_flops
from solvers.cost.layouts import FULL, NONE
from solvers.cost.parts import Stack
from solvers.cost.step import StepTime, step_time
from solvers.training.job import tables_of
from tests.solvers.cost.cases import OLD, SOURCE, free_of_overheads, job, one

# h 1024, f 4096, no gate, 16 heads of 64, L 4, V 32,768, s 1024, one H100: every product is bound by compute.
PLAIN = {
    "layers": 4, "hidden": 1024, "ffn": 4096, "gated": False, "heads": 16, "vocab": 32768, "source": SOURCE,
}  # fmt: skip


def _terms(gpus: int = 1, *, batch: int = 8, **degrees: int) -> StepTime:
    case = job(
        PLAIN, gpus=gpus, stack=Stack(overlap=False), sequence_length=1024, global_batch=batch, hardware="dgx-h100",
        precision="bf16", coefficients=free_of_overheads(),
    )  # fmt: skip
    shards, layouts = one(case, **degrees)
    tables = tables_of(shards, case)
    return step_time(layouts, shards, tables.block, tables.footprint, case)


def _rate() -> float:
    case = job(PLAIN, gpus=1, hardware="dgx-h100", precision="bf16", coefficients=free_of_overheads())
    return case.cluster.linear_flops_per_s


def _loss_and_embedding_s() -> float:
    """Eight sequences of 1024: 22 bytes a logit, and the table's rows twice."""
    case = job(PLAIN, gpus=1, hardware="dgx-h100", precision="bf16", coefficients=free_of_overheads())
    moved = 8 * 1024 * (22 * 32768 + 2 * 3 * 2 * 1024)
    return moved / case.cluster.memory_bytes_per_s


def test_compute_is_flops_over_rate() -> None:
    """24 b s h^2 products a layer and head 2 s h V, thrice; attention 2 s^2 h and 2.5 times that backward."""
    layer = 24 * 1024 * 1024**2 * 3 + 2 * 1024**2 * 1024 * 3.5
    head = 2 * 1024 * 1024 * 32768 * 3

    compute = _terms().compute[0]

    assert compute == pytest.approx(8 * (4 * layer + head) / _rate() + _loss_and_embedding_s(), rel=1e-9)


def test_cross_entropy_operator_by_operator_moves_fifty_two_bytes_a_logit() -> None:
    """30 bytes more than the fused one, for 8 sequences of 1024 tokens and 32,768 logits."""
    stacks = [replace(OLD, loss=loss) for loss in ("fp32", "eager")]
    cases = [job(PLAIN, gpus=1, stack=stack, sequence_length=1024) for stack in stacks]

    fused, plain = (float(block_of(one(case)[0], case).head_forward[0]) for case in cases)
    fused_back, plain_back = (float(block_of(one(case)[0], case).head_backward[0]) for case in cases)

    moved = 1024 * 32768 / float(cases[0].cluster.memory_bytes_per_s)
    assert [plain - fused, plain_back - fused_back] == pytest.approx([24 * moved, 6 * moved])


def test_full_recomputation_runs_the_layers_again() -> None:
    forward = 24 * 1024 * 1024**2 + 2 * 1024**2 * 1024

    recompute = _terms(recompute=FULL).recompute[0]

    assert recompute == pytest.approx(8 * 4 * forward / _rate(), rel=1e-9)


def test_an_all_reduce_follows_each_mixer_and_each_mlp_in_each_pass() -> None:
    """TP 8 in a node: 4 reductions a layer of 2 x 7/8 x 2 s h bytes, and 2 at the ends, for 8 micro-batches."""
    case = job(PLAIN, gpus=8, hardware="dgx-h100", precision="bf16", coefficients=free_of_overheads())
    one_reduction = 2 * 7 / 8 * 2 * 1024 * 1024 / case.cluster.intra_bytes_per_s + 2 * 3 * case.cluster.intra_latency_s

    tensor = _terms(8, tp=8).tensor_parallel[0]

    ends = 2 * (one_reduction / 2)
    assert tensor == pytest.approx(8 * (4 * 4 * one_reduction + ends), rel=1e-9)


def test_gradients_are_reduced_once_a_step_without_overlap() -> None:
    """DP 8 in a node: reduce-scatter and all-gather of 4-byte gradients of 4 layers, embedding and head."""
    case = job(PLAIN, gpus=8, hardware="dgx-h100", precision="bf16", coefficients=free_of_overheads())
    parameters = 4 * (12 * 1024**2 + 2 * 1024) + 2 * 32768 * 1024
    link = case.cluster.intra_bytes_per_s
    expected = 2 * (7 / 8 * 4 * parameters / link + 3 * case.cluster.intra_latency_s)

    data = _terms(8).data_parallel[0]

    assert data == pytest.approx(expected, rel=1e-6)


def test_the_optimizer_moves_thirty_bytes_a_parameter() -> None:
    case = job(PLAIN, gpus=1, hardware="dgx-h100", precision="bf16", coefficients=free_of_overheads())
    parameters = 4 * (12 * 1024**2 + 2 * 1024) + 2 * 32768 * 1024

    optimizer = _terms().optimizer[0]

    assert optimizer == pytest.approx(30 * parameters / case.cluster.memory_bytes_per_s, rel=1e-9)


def test_the_terms_add_up_to_the_step() -> None:
    terms = _terms(8, tp=2, pp=2, recompute=FULL, zero=0)

    assert float(np.sum(list(terms.terms(0).values()))) == pytest.approx(float(terms.total[0]), rel=1e-12)


def test_model_flops_are_six_a_parameter_and_token_and_the_attention() -> None:
    """6 N D with N = 12 L h^2 + h V, and 6 L h s a token for causal attention."""
    case = job(PLAIN, gpus=1, sequence_length=1024, stack=Stack())
    tokens = 8 * 1024

    flops = model_flops(case)

    assert flops == 6 * tokens * (4 * 12 * 1024**2 + 1024 * 32768) + 6 * 4 * 1024 * 1024 * tokens
    again = tokens * 4 * (24 * 1024**2 + 2 * 1024 * 1024)
    assert hardware_flops(case, recompute=FULL) == flops + again
    assert hardware_flops(case, recompute=NONE, full_share=0.25) == flops + again / 4


def test_a_short_last_chunk_spares_the_stage_with_the_head() -> None:
    """Nine layers on four stages, three of them full: the last, whose head is heavy, has two layers, or none."""
    document = {**PLAIN, "layers": 9, "vocab": 4_000_000}
    seconds = []
    for short in (False, True):
        case = job(
            document, gpus=4, stack=Stack(overlap=False, short_last=short), sequence_length=1024, hardware="dgx-h100",
            precision="bf16", coefficients=free_of_overheads(),
        )  # fmt: skip
        shards, layouts = one(case, pp=4)
        tables = tables_of(shards, case)
        terms = step_time(layouts, shards, tables.block, tables.footprint, case)
        seconds.append(float(terms.compute[0]))
    layer = tables.block.forward[0] + tables.block.backward[0]

    assert seconds[0] - seconds[1] == pytest.approx(8 * 2 * layer, rel=1e-6)
