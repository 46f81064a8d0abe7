"""What the host adds to a layer's passes."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.coefficients import DEFAULT
from solvers.cost.launch import issue_seconds, launch_seconds
from solvers.cost.layouts import Floats, Shards
from solvers.cost.parts import Stack
from tests.solvers.cost.cases import GPT_22B, OLD, job, one

ROUND = replace(DEFAULT, dispatch_s=1e-5, collective_issue_s=1e-5, kernel_gap_s=1e-6)


def _shards(**degrees: int) -> Shards:
    return one(job(GPT_22B, gpus=64), **degrees)[0]


def _issue(stack: Stack, **degrees: int) -> float:
    architecture = job(GPT_22B, gpus=8, stack=stack).architecture
    return float(issue_seconds(_shards(**degrees), architecture=architecture, stack=stack, coefficients=ROUND)[0])


def _launch(seconds: float) -> list[float]:
    """GPT without recomputation has 4 products, the attention kernel and 16 others."""
    work: Floats = np.array([seconds])
    found = launch_seconds(
        _shards(), forward=work, backward=2.0 * work, architecture=job(GPT_22B, gpus=8, stack=Stack()).architecture,
        stack=Stack(), coefficients=ROUND,
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
