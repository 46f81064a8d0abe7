"""Rare techniques: the bound against looking at everything, savers taken as far as needed, degrees that are fixed."""

from typing import Any

import numpy as np
import pytest

from solvers import kinds
from solvers.cost.block import Job
from solvers.cost.layouts import ZB_H1
from solvers.cost.memory import peak_memory
from solvers.cost.step import step_time
from solvers.training.branch import quantized, with_modes
from solvers.training.explore import explore
from solvers.training.floor import floor_block, floors
from solvers.training.job import Tables, usable_bytes
from solvers.training.savers import KEEP, saved, savers_of
from solvers.training.search import search
from solvers.training.spec import TrainingSpec
from solvers.training.variants import Variants, variants_of
from solvers.training.worth import WORTH

SMALL = {
    "kind": "training", "model": "llama-3.1-8b", "hardware": {"node": "dgx-a100-40", "nodes": 2},
    "sequence_length": 4096, "global_batch": 32, "calibration": "prior",
}  # fmt: skip


def _spec(**changes: Any) -> TrainingSpec:
    return TrainingSpec.model_validate({**SMALL, **changes})


def _everything(spec: TrainingSpec) -> list[tuple[Variants, Tables, Job]]:
    """Every variant of every layout with every saver, as far as each needs it: no bound, nothing left."""
    plain = search(spec, nodes=spec.hardware.nodes)
    found = variants_of(plain.base.layouts, plain.tables, plain.job, spec.model, spec.options)
    found, tables = with_modes(found, plain)
    limit = usable_bytes(spec, plain.job)
    host = float(plain.job.cluster.host_memory_bytes) * (1.0 - spec.constraints.memory_headroom)
    savers = (KEEP, *savers_of(spec.options, plain.job))
    every = [np.full(found.size, place) for place in range(len(savers))]
    return [
        (saved(found, savers, which, tables, plain.job, limit=limit, host_limit=host)[1], tables, plain.job)
        for which in every
    ]


def _fastest(spec: TrainingSpec) -> float:
    """The least step of everything."""
    return min(
        float(step_time(one.layouts, tables.shards, tables.block, tables.footprint, job).total.min(initial=np.inf))
        for one, tables, job in _everything(spec)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"sequence_length": 32768, "global_batch": 8}, {"options": {"forbid": ["zero3", "tp"]}},
        {"model": "qwen3-30b-a3b", "hardware": {"node": "dgx-h100", "nodes": 2}},
    ],
)  # fmt: skip
def test_the_bound_loses_no_more_than_the_gap_says(changes: dict[str, Any]) -> None:
    spec = _spec(**changes)

    explored = explore(spec, nodes=spec.hardware.nodes)

    plain, refined = explored.found
    fastest, rare = (float(found.step_time_s.min(initial=np.inf)) for found in (plain, refined))
    chosen = fastest if fastest <= rare * refined.handicap else rare
    least = _fastest(spec)
    assert least >= chosen * (1.0 - explored.optimality_gap) * (1 - 1e-12)
    assert explored.optimality_gap < 1.0 - 1.0 / WORTH + 1e-9


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "options": {"fix": {"zero": 3, "pp": 1, "quantized_gradients": True}}, "software": {"overlap": False},
            "hardware": {"node": "dgx-a100-40", "nodes": 8},
        },
    ],
)  # fmt: skip
def test_no_refinement_is_faster_than_the_floor_of_its_layout(changes: dict[str, Any]) -> None:
    spec = _spec(**changes)

    for found, tables, job in _everything(spec):
        one = quantized(found, spec.options.fix)
        seconds = step_time(one.layouts, tables.shards, tables.block, tables.footprint, job).total
        least = floors(one.plain, floor_block(tables, job, spec.options), tables, job, spec.options)
        assert (seconds >= least * (1 - 1e-12)).all()


def test_a_saver_is_taken_only_as_far_as_a_layout_needs() -> None:
    """With a layer less computed again or away, none of them fits; the first that leaves needs room on its way."""
    spec = _spec()
    checked = 0
    for found, tables, job in _everything(spec):
        for name in ("recomputed", "offloaded"):
            units = np.floor(found.refined.stage_layers / found.plain.vpp)
            several = found.take(np.round(getattr(found.refined, name) * units) > 1)
            units = np.floor(several.refined.stage_layers / several.plain.vpp)
            fewer = several.having(**{name: getattr(several.refined, name) - 1.0 / units})

            memory = peak_memory(fewer.layouts, tables.shards, tables.footprint, job)

            checked += fewer.size
            assert (memory > usable_bytes(spec, job)).all()
    assert checked > 0


def test_all_that_is_refined_fits_and_is_counted() -> None:
    spec = _spec()

    refined = explore(spec, nodes=2).found[1]

    tables = refined.tables
    memory = peak_memory(refined.layouts, tables.shards, tables.footprint, refined.job)
    assert memory == pytest.approx(refined.memory_bytes)
    assert (memory <= usable_bytes(spec, refined.job)).all()
    assert refined.candidates == refined.feasible + sum(refined.rejected.values())


@pytest.mark.parametrize(
    ("fix", "key", "value"),
    [
        ({"schedule": "zb-h1"}, "schedule", "zb-h1"),
        ({"zero": 3, "zero_group": 8, "pp": 1, "tp": 1}, "zero_optimizer_group", 8),
        ({"cp": 2, "cp_mode": "all_to_all"}, "cp_mode", "all_to_all"),
        ({"optimizer_offload": True}, "optimizer_offload", True),
        ({"quantized_weights": True}, "quantized_weights", True),
    ],
)  # fmt: skip
def test_what_is_fixed_is_what_the_plan_does(fix: dict[str, Any], key: str, value: object) -> None:
    result = kinds.solve(_spec(options={"fix": fix}, hardware={"node": "dgx-a100-40", "nodes": 4}))

    assert result["plan"]["layout"][key] == value


def test_zero_bubble_needs_a_micro_batch_for_each_stage() -> None:
    found = _everything(_spec())[0][0]

    delayed = found.take(found.plain.schedule == ZB_H1)

    assert delayed.size > 0
    assert (delayed.plain.micro_batches >= delayed.plain.pp).all()
