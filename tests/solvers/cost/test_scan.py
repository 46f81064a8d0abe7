"""Work of state-space layers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solvers.cost.block import block_of
from solvers.cost.parts import Stack
from solvers.cost.scan import scan_of
from tests.solvers.cost.cases import GPT_22B, SOURCE, free_of_overheads, job, model, one

MAMBA: dict[str, Any] = {
    "layers": 2, "hidden": 1024, "heads": 8, "vocab": 32000, "pattern": "M*", "source": SOURCE,
    "mamba": {"heads": 32, "head_dim": 64, "state": 128, "groups": 2},
}  # fmt: skip


def test_a_chunked_scan_by_hand() -> None:
    """Width 2048, state 128, chunks of 128: scores 2 128 128 2, the rest 2 (128 + 256) 2048; half of the layers."""
    found = scan_of(model(MAMBA))

    assert found["scan_flops"] == pytest.approx((2 * 128 * 128 * 2 + 2 * 384 * 2048) / 2)
    assert found["scan_bytes"] == pytest.approx(16 * 128 * 2048 / 128 / 2)


def test_attention_needs_no_scan() -> None:
    assert scan_of(model(GPT_22B)) == {"scan_flops": 0.0, "scan_bytes": 0.0}


def test_a_gated_delta_rule_by_hand() -> None:
    """4 heads of 64 keys and 128 values, chunks of 64: 2 64 (2 256 + 512) and 4 256 128; half of the layers."""
    linear = {
        **{name: value for name, value in MAMBA.items() if name not in ("pattern", "mamba")}, "ffn": 4096,
        "linear": {"key_heads": 2, "value_heads": 4, "key_dim": 64, "value_dim": 128, "full_every": 2},
    }  # fmt: skip

    found = scan_of(model(linear))

    assert found["scan_flops"] == pytest.approx((2 * 64 * (2 * 256 + 512) + 4 * 256 * 128) / 2)
    assert found["scan_bytes"] == pytest.approx(16 * 256 * 128 / 64 / 2)


def test_a_scan_is_done_three_times_as_much_backward_and_cut_by_tensor_parallelism() -> None:
    times = []
    for tp in (1, 2):
        slow = job(MAMBA, gpus=8, stack=Stack(), coefficients=free_of_overheads(scan_efficiency=0.1))
        fast = replace(slow, coefficients=replace(slow.coefficients, scan_efficiency=0.2))
        shards, _ = one(slow, tp=tp)
        more = [block_of(shards, slow), block_of(shards, fast)]
        times.append([float((getattr(more[0], name) - getattr(more[1], name))[0]) for name in ("forward", "backward")])

    assert np.array(times[0]) == pytest.approx(2.0 * np.array(times[1]))
    assert times[0][1] == pytest.approx(3.0 * times[0][0])


def test_a_scan_keeps_less_of_the_rate_where_matrix_units_are_asynchronous() -> None:
    """An H100 keeps 55 % of the share that an A100 has, as attention of Ampere's kernels does."""
    rates = []
    for hardware in ("dgx-a100-80", "dgx-h100"):
        quiet = free_of_overheads(attention_older_instructions=0.55)
        case = job(MAMBA, gpus=8, stack=Stack(), hardware=hardware, coefficients=quiet)
        moved = case.architecture.scan_bytes / case.cluster.memory_bytes_per_s
        passes = [
            block_of(one(job_)[0], job_).forward[0]
            for job_ in (case, replace(case, architecture=replace(case.architecture, scan_flops=0.0, scan_bytes=0.0)))
        ]
        tokens = case.sequence_length
        rates.append((passes[0] - passes[1]) / tokens - moved)
        rates[-1] *= case.cluster.attention_flops_per_s

    assert rates[1] / rates[0] == pytest.approx(1 / 0.55)
