"""Layers dealt to stages, and their pipelines: what the simulation says beside the closed form."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from solvers import kinds
from solvers.cost.layer_costs import part_seconds, stage_costs
from solvers.cost.layouts import Layouts
from solvers.cost.memory import memory_of_stage
from solvers.cost.pipeline import layers_per_stage
from solvers.cost.step import step_time
from solvers.simulate.pipeline import makespans
from solvers.training.search import Found, search
from solvers.training.staging import Staged, plain_parts, schedule_of, staged

DENSE: dict[str, Any] = {
    "kind": "training", "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": 1},
    "sequence_length": 4096, "global_batch": 64,
}  # fmt: skip
# Two dense layers, each with about five times the work of one of the five expert layers.
SPARSE: dict[str, Any] = DENSE | {"model": {
    "layers": 7, "hidden": 4096, "ffn": 65536, "heads": 32, "vocab": 32000,
    "moe": {"experts": 8, "top_k": 2, "ffn": 1024, "first_dense": 2},
}}  # fmt: skip


@cache
def found(pp: int, schedule: str = "1f1b", vpp: int = 1) -> Found:
    """All layouts of a small job with that pipeline."""
    fix = {"pp": pp, "schedule": schedule, "vpp": vpp}
    return search(kinds.parse({**DENSE, "options": {"fix": fix}}), nodes=1)


def stages(f: Found, job: dict[str, Any] = DENSE, *, usable_bytes: float = np.inf, **how: bool) -> list[Staged | None]:
    """Every layout with its stages."""
    return staged(kinds.parse(job).model, f.layouts, f.tables.shards, f.job, usable_bytes=usable_bytes, **how)


@pytest.mark.parametrize(
    ("pp", "schedule", "vpp"),
    [(2, "gpipe", 1), (2, "1f1b", 1), (4, "1f1b", 1), (2, "interleaved", 4), (4, "interleaved", 2)],
)
def test_an_even_split_takes_what_the_closed_form_says(pp: int, schedule: str, vpp: int) -> None:
    """To one part in 500; under GPipe each pass has its own slowest stage, which the closed form does not part."""
    f = found(pp, schedule, vpp)

    simulated = [one.step_time_s for one in stages(f, uneven=False) if one]

    assert simulated == pytest.approx(f.step_time_s.tolist(), rel=1e-2 if schedule == "gpipe" else 2e-3)


@pytest.mark.parametrize("pp", [2, 4, 8])
def test_an_even_split_needs_the_memory_of_the_memory_model(pp: int) -> None:
    f = found(pp)
    first = f.layouts.take(slice(0, 1))
    repeated: Layouts = first.take(np.zeros(pp, dtype=np.int64))
    held = np.array(layers_per_stage(32, pp), dtype=np.float64)

    one = stages(f, uneven=False)[0]

    whole = memory_of_stage(np.arange(float(pp)), held, repeated, f.tables.shards, f.tables.footprint, f.job)
    assert one is not None
    assert one.memory.total.tolist() == pytest.approx(whole.total.tolist(), rel=1e-12)


def test_the_terms_of_an_even_split_are_those_of_the_closed_form_but_for_the_bubble() -> None:
    f = found(4)
    first = f.layouts.take(slice(0, 1))
    closed = step_time(first, f.tables.shards, f.tables.block, f.tables.footprint, f.job).terms(0)

    one = stages(f, uneven=False)[0]

    assert one is not None
    terms = {name: value for name, value in one.terms.items() if name != "pipeline_bubble"}
    assert terms == pytest.approx({name: closed[name] for name in terms}, rel=1e-9)


@pytest.mark.parametrize(("schedule", "vpp"), [("1f1b", 1), ("interleaved", 4)])
def test_the_head_takes_layers_from_the_last_stage_and_the_step_is_faster(schedule: str, vpp: int) -> None:
    ones = [one for one in stages(found(4, schedule, vpp)) if one]

    assert ones
    assert [one.layers_per_stage[-1] < 8 for one in ones] == [one.uneven for one in ones]
    assert [one.plain_s is not None and one.step_time_s < one.plain_s for one in ones] == [one.uneven for one in ones]
    assert {sum(one.parts) for one in ones} == {32}


def test_wide_dense_layers_before_narrow_experts_leave_the_first_stage_fewer_layers() -> None:
    """Of all splits of 7 layers in two, each simulated, the first 2 and the other 5 are fastest in every layout."""
    fix = {"pp": 2, "schedule": "1f1b", "dp": 4, "micro_batch": 1}
    f = search(kinds.parse({**SPARSE, "options": {"fix": fix}}), nodes=1)
    costs = stage_costs(kinds.parse(SPARSE).model, f.layouts, f.tables.shards, f.job)
    every = [(first, 7 - first) for first in range(1, 7)]
    cases = [
        (schedule_of(f.layouts), part_seconds(costs, np.tile(parts, (f.layouts.size, 1)).astype(np.int64)))
        for parts in every
    ]
    fastest = [every[number] for number in np.argmin(makespans(cases), axis=0)]

    plain = [one.parts for one in stages(f, SPARSE, uneven=False) if one]
    dealt = [one.parts for one in stages(f, SPARSE) if one]

    assert plain == [(4, 3)] * f.layouts.size
    assert dealt == fastest == [(2, 5)] * f.layouts.size


def test_a_layout_that_no_split_makes_fit_has_no_stages() -> None:
    f = found(2)
    one = stages(f)[0]
    assert one is not None

    assert stages(f, usable_bytes=0.5 * one.memory_bytes)[0] is None


def test_an_estimate_is_near_the_simulation() -> None:
    f = found(4, "interleaved", 2)

    ratios = [
        estimate.step_time_s / simulated.step_time_s
        for estimate, simulated in zip(stages(f, simulate=False), stages(f), strict=True)
        if estimate and simulated
    ]

    assert ratios == pytest.approx([1.0] * len(ratios), rel=0.1)


@pytest.mark.parametrize(
    ("layers", "ranks", "parts", "expected"), [(8, 2, 4, (2, 2, 2, 2)), (7, 2, 2, (4, 3)), (9, 3, 3, (3, 3, 3))]
)
def test_frameworks_deal_layers_evenly_unasked(layers: int, ranks: int, parts: int, expected: tuple[int, ...]) -> None:
    assert plain_parts(layers, ranks, parts) == expected


def test_longer_groups_of_micro_batches_keep_more_activations() -> None:
    """p = 2, v = 2, m = 5: groups of 3 and 2 keep 6 and 4 chunks, where groups of 2 would keep 5 and 3."""
    fix = {"pp": 2, "schedule": "interleaved", "vpp": 2, "micro_batch": 1, "dp": 1}
    spec = kinds.parse({**DENSE, "global_batch": 5, "options": {"fix": fix}})
    f = search(spec, nodes=1)

    one = staged(spec.model, f.layouts, f.tables.shards, f.job, usable_bytes=np.inf, uneven=False)[0]

    first = f.layouts.take(np.zeros(2, dtype=np.int64))
    held = np.full(2, 16.0)
    closed = memory_of_stage(np.arange(2.0), held, first, f.tables.shards, f.tables.footprint, f.job)
    assert one is not None
    assert (one.memory.activations / closed.activations).tolist() == pytest.approx([6 / 5, 4 / 3])
