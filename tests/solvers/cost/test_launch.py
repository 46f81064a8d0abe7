"""What the host adds to a layer's passes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solvers.cost.coefficients import DEFAULT
from solvers.cost.launch import issue_seconds, launch_seconds
from solvers.cost.layouts import Floats, Shards
from solvers.cost.parts import Stack
from tests.solvers.cost.cases import GPT_22B, MIXTURE, OLD, job, one

ROUND = replace(DEFAULT, dispatch_s=1e-5, collective_issue_s=1e-5, kernel_gap_s=1e-6, graph_gap_s=5e-7)


def _shards(**degrees: int) -> Shards:
    return one(job(GPT_22B, gpus=64), **degrees)[0]


def _issue(stack: Stack, **degrees: int) -> float:
    architecture = job(GPT_22B, gpus=8, stack=stack).architecture
    return float(issue_seconds(_shards(**degrees), architecture=architecture, stack=stack, coefficients=ROUND)[0])


def _launch(seconds: float, stack: Stack = Stack()) -> list[float]:  # noqa: B008 -- frozen
    """GPT without recomputation has 4 products, the attention kernel and 16 others."""
    work: Floats = np.array([seconds])
    plain = job(GPT_22B, gpus=8, stack=stack)
    found = launch_seconds(
        _shards(), forward=work, backward=2.0 * work, experts=(0.0 * work, 0.0 * work), stack=stack,
        architecture=plain.architecture, cluster=plain.cluster, coefficients=ROUND,
    )  # fmt: skip
    return [float(one_pass[0]) for one_pass in found]


def test_a_layer_whose_kernels_are_long_waits_only_for_their_gaps() -> None:
    assert _launch(1.0) == pytest.approx([21e-6, 42e-6])


def test_a_layer_whose_kernels_are_short_takes_as_long_as_the_host() -> None:
    """21 operators of 10 us and their gaps; the backward pass hides 100 us of work under the same time."""
    assert _launch(5e-5) == pytest.approx([160e-6 + 21e-6, 110e-6 + 42e-6])


def test_each_doubling_of_a_tensor_group_delays_its_two_reductions() -> None:
    alone = _issue(Stack())

    waits = [_issue(Stack(), tp=tp) - alone for tp in (2, 4, 8)]

    assert waits == pytest.approx([2e-5, 4e-5, 6e-5])


def test_sequence_parallelism_issues_twice_the_collectives() -> None:
    assert _issue(Stack(), tp=8, sequence_parallel=1) - _issue(Stack()) == pytest.approx(12e-5)


def test_a_softmax_that_cannot_be_fused_is_four_kernels_more() -> None:
    """64 heads over 64 ranks: one head a rank, which the fused kernel takes only in micro-batches of 4."""
    plain, fused = _issue(OLD, tp=64, micro_batch=1), _issue(OLD, tp=64, micro_batch=4)

    assert plain - fused == pytest.approx(4 * 1e-5)


def test_kernels_of_a_graph_are_not_issued_and_follow_one_another_closely() -> None:
    assert _launch(5e-5, Stack(graphs="all")) == pytest.approx([21 * 5e-7, 42 * 5e-7])


def _mixture(*, ep: int, precision: str = "bf16", **habits: Any) -> tuple[float, float]:
    """A layer of 8 experts whose kernels take no time: all of the host's is seen."""
    plain = job(MIXTURE, gpus=8, stack=Stack(**habits), hardware="dgx-h100", precision=precision)
    shards = one(plain, ep=ep)[0]
    none: Floats = np.zeros(1)
    found = launch_seconds(
        shards, forward=none, backward=none, experts=(none, none), architecture=plain.architecture,
        cluster=plain.cluster, stack=plain.stack, coefficients=ROUND,
    )  # fmt: skip
    return float(found[0][0]), float(plain.architecture.kernels)


def test_each_expert_of_a_rank_is_a_kernel_for_each_product() -> None:
    """Two operators with a loop over the rank's experts: each issues a kernel in 5 us, and waits for the one before."""
    many, few = _mixture(ep=1)[0], _mixture(ep=8)[0]

    assert many - few == pytest.approx((8 - 1) * 2 * (5e-6 + 1e-6))


def test_in_fp8_each_expert_is_cast_as_well_unless_that_is_fused() -> None:
    plain, cast = _mixture(ep=1)[0], _mixture(ep=1, precision="fp8")[0]
    fused = _mixture(ep=1, precision="fp8", fused_experts=True)[0]

    assert cast - plain == pytest.approx(8 * 2 * 2 * (5e-6 + 1e-6))
    assert plain - fused == pytest.approx(8 * 2 * (5e-6 + 1e-6))


def test_experts_in_one_kernel_have_no_loop_and_apart_they_have_one() -> None:
    loop, kernel, apart = (_mixture(ep=1, experts=how)[0] for how in ("loop", "kernel", "apart"))

    assert loop - kernel == pytest.approx(8 * 2 * (5e-6 + 1e-6))
    assert apart == loop


def test_graphs_of_all_but_the_experts_leave_those_to_the_host() -> None:
    seconds, kernels = _mixture(ep=8, graphs="parts")

    assert seconds == pytest.approx(kernels * 5e-7 + 2 * (1e-5 + 1e-6) + 2 * (5e-6 + 1e-6))
