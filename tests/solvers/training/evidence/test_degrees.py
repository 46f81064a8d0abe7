"""What a row leaves open, and what contradicts itself."""

from typing import Any

import numpy as np
import pytest

from solvers import catalogue
from solvers.training.evidence.columns import NotExpressible, is_nemo, is_old, number, whole
from solvers.training.evidence.degrees import batch_of, gpus_of, layouts_of, recompute_of

ROW = {"gpus": "64", "gbs": "256", "tp": "4", "pp": "2", "cp": "1", "ep": "1", "mbs": "2", "recompute": "full"}
MODEL = catalogue.model("llama-3-8b")


def _degrees(**change: str) -> tuple[Any, Any]:
    return layouts_of({**ROW, **change}, gpus=64, batch=256, model=MODEL)


def test_a_row_that_states_all_is_one_layout() -> None:
    shards, layouts = _degrees()

    assert (shards.size, layouts.size) == (1, 1)
    assert (layouts.dp[0], layouts.micro_batches[0]) == (8.0, 16.0)


def test_a_row_without_degrees_may_be_any_layout_that_divides() -> None:
    shards, layouts = _degrees(tp="", pp="", cp="")

    ranks = shards.tp[layouts.shard] * layouts.pp * shards.cp[layouts.shard] * layouts.dp
    assert np.unique(ranks).tolist() == [64.0]
    assert (
        len({(int(t), int(p)) for t, p in zip(shards.tp[layouts.shard], layouts.pp, strict=True)}) == 19
    )  # 4 x 5, but 8 x 16 is more than 64


def test_nemo_interleaves_and_recomputes_parts_where_the_row_is_silent() -> None:
    silent = {"vpp": "", "recompute": "", "pp": "4"}

    _, nemo = _degrees(**silent, stack="NeMo 24.05")
    _, other = _degrees(**silent)

    assert {(int(v), int(r)) for v, r in zip(nemo.vpp, nemo.recompute, strict=True)} == {
        (v, r) for v in (1, 2, 4, 8) for r in (0, 1)
    }
    assert {(int(v), int(r)) for v, r in zip(other.vpp, other.recompute, strict=True)} == {(1, 0), (1, 1), (1, 2)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tp": "3"}, "degrees do not divide the GPUs"),
        ({"mbs": "3"}, "batch not divisible by the micro-batch"),
        ({"ep": "64"}, "ranks not divisible by expert parallelism"),
        ({"tp": "", "pp": "", "cp": "", "mbs": "512"}, "batch not divisible by the micro-batch"),
    ],
)
def test_contradictions_are_told(change: dict[str, str], reason: str) -> None:
    with pytest.raises(NotExpressible, match=reason):
        _degrees(**change)


def test_degrees_outrank_a_count_of_gpus_that_contradicts_them() -> None:
    row = {"gpus": "1024", "tp": "4", "pp": "1", "cp": "16", "dp": "4"}

    assert gpus_of(row) == 256
    assert gpus_of({**row, "dp": ""}) == 1024
    assert gpus_of({**row, "dp": "16"}) == 1024


def test_an_unstated_batch_fills_the_pipeline() -> None:
    assert batch_of({"mbs": "2", "dp": "16", "pp": "4"}) == 256
    assert batch_of({"mbs": "2", "dp": "64", "pp": "1"}) == 128
    assert batch_of({"gbs": "512"}) == 512
    with pytest.raises(NotExpressible, match="no batch"):
        batch_of({"mbs": "2"})


def test_cells_are_numbers_or_nothing() -> None:
    assert [number({"a": text}, "a") for text in ("2.5", " 3 ", "", "n/a")] == [2.5, 3.0, None, None]
    assert whole({"a": "4.0"}, "a") == 4
    with pytest.raises(NotExpressible, match="no a"):
        whole({"a": "0"}, "a")


def test_the_software_says_what_a_silent_row_means() -> None:
    assert is_old({"stack": "Megatron-LM"})
    assert [is_nemo(row) for row in ({"stack": "NeMo 25.09"}, {"source": "MLPerf Training v4.1"}, {"stack": "x"})] == [
        True, True, False,
    ]  # fmt: skip
    assert [recompute_of({"recompute": text}) for text in ("full", "selective-per-op", "none", "", "not stated")] == [
        2, 1, 0, None, None,
    ]  # fmt: skip
