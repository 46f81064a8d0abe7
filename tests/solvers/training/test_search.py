"""The search against brute force with a plain oracle, and the laws that any search must keep."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.training.plan import choice_of, layout_document
from solvers.training.pool import best, pool_of
from solvers.training.search import Found, search
from solvers.training.spec import TrainingSpec
from tests.solvers.training.oracle import Layout, Oracle, layouts

SOURCE = [{"title": "a test"}]


def _node(*, gpus: int = 4, memory: str = "24 GB", link: float = 100e9, nic: float = 12.5e9) -> dict[str, Any]:
    return {
        "gpu": {"memory": memory, "memory_bandwidth": "1 TB/s", "peak": {"bf16": "200 TFLOP/s"}, "source": SOURCE},
        "gpus": gpus, "nics": gpus, "source": SOURCE,
        "link": {"kind": "intra", "bandwidth": link, "latency": "3 us", "source": SOURCE},
        "nic": {"kind": "network", "bandwidth": nic, "latency": "6 us", "source": SOURCE},
    }  # fmt: skip


def _spec(
    *, layers: int = 12, hidden: int = 2048, heads: int = 16, kv_heads: int = 4, gated: bool = True, nodes: int = 2,
    sequence: int = 2048, batch: int = 8, precision: str = "bf16", constraints: dict[str, Any] | None = None,
    **node: Any,
) -> TrainingSpec:  # fmt: skip
    return TrainingSpec.model_validate(
        {
            "kind": "training",
            "model": {
                "layers": layers, "hidden": hidden, "ffn": 4 * hidden, "heads": heads, "kv_heads": kv_heads,
                "gated": gated, "vocab": 32000, "source": SOURCE,
            },
            "hardware": {"node": _node(**node), "nodes": nodes},
            "sequence_length": sequence,
            "global_batch": batch,
            "precision": precision,
            "constraints": constraints or {},
        }
    )  # fmt: skip


def _rows(found: Found) -> dict[Layout, tuple[float, float]]:
    """Step time and memory by layout."""
    rows = {}
    for row in range(found.feasible):
        x = layout_document(found.layouts, found.tables, row)
        layout = Layout(
            x["tp"], x["cp"], x["pp"], x["dp"], x["micro_batch"], x["sequence_parallel"], x["schedule"], x["vpp"],
            x["recompute"], x["zero"],
        )  # fmt: skip
        rows[layout] = (float(found.step_time_s[row]), float(found.memory_bytes[row]))
    return rows


@pytest.mark.parametrize(
    "change",
    [
        {}, {"layers": 7, "batch": 6}, {"nodes": 1, "gated": False}, {"hidden": 4096, "heads": 32, "kv_heads": 32},
        {"sequence": 16384, "batch": 4}, {"nodes": 3, "batch": 12, "layers": 6}, {"kv_heads": 1, "link": 20e9},
        {"memory": "80 GB", "nic": 1e9},
    ],
)  # fmt: skip
def test_the_search_equals_a_plain_loop_over_every_layout(change: dict[str, Any]) -> None:
    spec = _spec(**change)
    oracle = Oracle(spec)
    usable = spec.hardware.node.gpu.memory_bytes * 0.92
    every = layouts(spec)
    fitting = {x: (oracle.step(x), oracle.memory(x)) for x in every if oracle.memory(x) <= usable}

    found = search(spec, nodes=spec.hardware.nodes)

    rows = _rows(found)
    assert rows.keys() == fitting.keys()
    assert [rows[x] for x in fitting] == [pytest.approx(value, rel=1e-9) for value in fitting.values()]
    pool = pool_of([found])
    chosen = pool.choice(best(spec, pool, most=1)[0])
    assert chosen.step_time_s == pytest.approx(min(seconds for seconds, _ in fitting.values()), rel=1e-9)


def test_every_candidate_is_either_feasible_or_rejected_for_a_reason() -> None:
    spec = _spec(layers=7, batch=6, nodes=3)

    found = search(spec, nodes=3)

    assert found.candidates == found.feasible + sum(found.rejected.values())


def _best_seconds(spec: TrainingSpec) -> float:
    found = search(spec, nodes=spec.hardware.nodes)
    return float(found.step_time_s.min()) if found.feasible else float("inf")


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1.0, 20.0), batch=st.sampled_from([4, 8, 12]), nodes=st.sampled_from([2, 4]))
def test_more_bandwidth_is_never_slower(factor: float, batch: int, nodes: int) -> None:
    plain = _best_seconds(_spec(batch=batch, nodes=nodes))

    faster = [
        _best_seconds(_spec(batch=batch, nodes=nodes, nic=12.5e9 * factor)),
        _best_seconds(_spec(batch=batch, nodes=nodes, link=100e9 * factor)),
    ]

    assert max(faster) <= plain * (1 + 1e-12)


@settings(max_examples=15, deadline=None)
@given(gigabytes=st.integers(4, 60), more=st.integers(0, 40), batch=st.sampled_from([4, 8, 12]))
def test_more_memory_never_loses_a_layout(gigabytes: int, more: int, batch: int) -> None:
    small = search(_spec(batch=batch, memory=f"{gigabytes} GB"), nodes=2)

    large = search(_spec(batch=batch, memory=f"{gigabytes + more} GB"), nodes=2)

    assert _rows(small).items() <= _rows(large).items()


@settings(max_examples=15, deadline=None)
@given(headroom=st.floats(0.0, 0.4), more=st.floats(0.0, 0.4))
def test_more_headroom_is_never_faster(headroom: float, more: float) -> None:
    tight = _best_seconds(_spec(constraints={"memory_headroom": headroom}))

    loose = _best_seconds(_spec(constraints={"memory_headroom": headroom + more}))

    assert tight <= loose


@settings(max_examples=15, deadline=None)
@given(steps=st.integers(1, 3), layers=st.sampled_from([6, 8, 12]))
def test_a_larger_batch_takes_longer(steps: int, layers: int) -> None:
    smaller = _best_seconds(_spec(batch=8, layers=layers))

    larger = _best_seconds(_spec(batch=8 * 2**steps, layers=layers))

    assert smaller < larger


def test_a_limit_on_the_step_rejects_what_is_slower() -> None:
    spec = _spec()
    plain = search(spec, nodes=2)
    limit = float(sorted(plain.step_time_s)[len(plain.step_time_s) // 2])

    limited = search(_spec(constraints={"max_step_time": limit}), nodes=2)

    slower = {x: y for x, y in _rows(plain).items() if y[0] <= limit}
    assert _rows(limited) == slower
    assert limited.rejected["misses the max_step_time"] == plain.feasible - len(slower)


def test_a_row_of_the_search_is_a_choice() -> None:
    found = search(_spec(), nodes=2)

    choice = choice_of(found, 3)

    assert (choice.step_time_s, choice.memory_bytes) == (found.step_time_s[3], found.memory_bytes[3])
