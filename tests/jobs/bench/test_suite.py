"""The suite: one file with every measurement, how it was made, and what could not be measured."""

import json
from pathlib import Path

import pytest
import torch

from jobs.bench.suite import digest, main, measured
from jobs.bench.suite_plan import TINY, Entry, entries
from solvers import recipes


def test_on_a_cpu_everything_is_measured_once_and_tiny(tmp_path: Path) -> None:
    code = main(["--out", str(tmp_path / "new"), "--device", "cpu", "--scale", "tiny"])

    document = json.loads((tmp_path / "new" / "measurements.json").read_text("utf-8"))
    assert (code, document["problems"]) == (0, [])
    assert [one["name"] for one in document["measurements"]] == [one.name for one in entries(TINY, device="cpu")]
    for one in document["measurements"]:
        recipes.get(one["recipe"]).check_result({name: value for name, value in one.items() if name != "name"})
    assert document["provenance"]["source"] == digest()


def test_what_cannot_be_measured_stands_in_the_file_with_its_reason(tmp_path: Path) -> None:
    code = main(["--out", str(tmp_path), "--device", "cpu", "--scale", "tiny", "--only", "launch", "--budget", "1"])

    document = json.loads((tmp_path / "measurements.json").read_text("utf-8"))
    assert code == 1
    assert [(one["name"], one["code"]) for one in document["problems"]] == [("launch", "budget")]
    wrong = measured(Entry("x", "launch", {"kernels": 0}), left_s=100.0, say=print)
    assert (wrong["at"], wrong["code"]) == ("/kernels", "greater_than_equal")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu_everything_is_measured_once_and_tiny(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path), "--scale", "tiny"]) == 0
