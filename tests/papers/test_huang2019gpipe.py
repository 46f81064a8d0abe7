"""The bubble of GPipe, from whole solves: equal stages, no traffic, nothing but compute."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from solvers.cost.architecture import architecture_of
from solvers.cost.step import step_time
from solvers.training.job import tables_of
from tests.solvers.cost.cases import OLD, free_of_overheads, job, model, one

PAPER = yaml.safe_load(Path(__file__).with_name("huang2019gpipe.yaml").read_text("utf-8"))
MODEL: dict[str, Any] = {
    "layers": 16, "hidden": 1024, "ffn": 4096, "gated": False, "heads": 16, "vocab": 1, "tied_embeddings": True,
    "source": [{"title": "a test"}],
}  # fmt: skip


@pytest.mark.parametrize("case", PAPER["section_2_3"]["cases"], ids=lambda case: f"K{case['partitions']}")
def test_the_bubble_of_a_whole_step_is_gpipes(case: dict[str, Any]) -> None:
    """Head and transfers are made so small that the stages are equal to five digits."""
    stages, batches = case["partitions"], case["micro_batches"]
    plain = job(MODEL, gpus=stages, global_batch=batches, coefficients=free_of_overheads(pipeline_exposed=0.0))
    quick = replace(
        plain,
        architecture=architecture_of(model(MODEL), OLD),
        cluster=replace(plain.cluster, intra_bytes_per_s=1e18, memory_bytes_per_s=1e18, intra_latency_s=0.0),
    )
    shards, layouts = one(quick, pp=stages, schedule=0)
    tables = tables_of(shards, quick)

    terms = step_time(layouts, shards, tables.block, tables.footprint, quick)

    share = terms.pipeline_bubble[0] / (terms.pipeline_bubble[0] + terms.compute[0])
    assert share == pytest.approx(case["share"], rel=1e-3)
