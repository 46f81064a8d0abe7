"""Collectives between two processes of this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.bench.run import measure
from solvers.errors import SolveError
from solvers.recipes.collectives import RECIPE

ROOT = Path(__file__).parents[3]


def test_two_processes_measure_every_collective_and_data_goes_where_it_should(tmp_path: Path) -> None:
    operations = ["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "send"]
    asked = {"operations": operations, "sizes": ["1 kB"], "repeats": 3, "warmup": 1}
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

    answer = subprocess.run(
        [sys.executable, *command, Path(__file__).with_name("collectives_here.py"), json.dumps(asked), tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert answer.returncode == 0, answer.stderr[-3000:]
    document, gathered, exchanged, part = json.loads(answer.stdout)
    RECIPE.check_result(document)
    assert document["environment"]["processes"] == 2
    assert (gathered, exchanged, part) == ([0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0])


def test_one_process_alone_is_told_how_many_it_takes() -> None:
    with pytest.raises(SolveError, match="This takes 2 processes; 1 were started"):
        measure(RECIPE, RECIPE.parse({}), lambda *_: None)
