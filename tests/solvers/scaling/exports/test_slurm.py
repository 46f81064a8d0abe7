"""What is submitted, to an `sbatch` that tells what it is asked for, and to a real one where a cluster answers."""

import os
import subprocess

import pytest

from solvers.scaling.exports import EXPORTS as ALL
from solvers.scaling.exports.slurm import spans
from tests import slurm
from tests.solvers.scaling.exports import cases
from tests.solvers.training.exports import reading

EXPORTS = {export.name: export for export in ALL}
# Answers as `sbatch --parsable` does where there are several clusters, with another job each time.
SBATCH = """#!/usr/bin/env bash
printf "%s\\0" "$@" >> "${TOLD}"
printf "\\n" >> "${TOLD}"
echo "$((100 + $(wc -l < "${TOLD}")));main"
"""
SRUN = '#!/usr/bin/env bash\nwhile [ "$1" != bash ]; do shift; done\nSLURM_NODEID=0 exec "$@"\n'
SCONTROL = '#!/usr/bin/env bash\nprintf "node-a\\nnode-b\\n"\n'
MEGATRON = ("MEGATRON_DIR", "DATA_PATH", "TOKENIZER", "CHECKPOINT_DIR", "ROTARY_BASE")


def written(folder):
    for file, text in EXPORTS["slurm"].write(cases.result("tree")).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return folder


def tools(folder, **scripts):
    (folder / "tools").mkdir()
    for name, text in scripts.items():
        (folder / "tools" / name).write_text(text)
        (folder / "tools" / name).chmod(0o755)
    return f"{folder / 'tools'}:{os.environ['PATH']}"


def submitted(folder, *words, without=()):
    """What sbatch was called with, call by call, and how the script ended."""
    told = folder / "told"
    environment = {name: value for name, value in reading.FILLED.items() if name not in without}
    done = subprocess.run(
        ["bash", str(folder / "submit.sh"), *words], capture_output=True, text=True, check=False,
        env={"PATH": tools(folder, sbatch=SBATCH), "TOLD": str(told), **environment},
    )  # fmt: skip
    lines = told.read_text().splitlines() if told.exists() else []
    return [line.split("\0")[:-1] for line in lines], done


def test_runs_that_wait_for_the_same_run_are_one_array_and_follow_it(tmp_path):
    calls, done = submitted(written(tmp_path))

    assert done.returncode == 0, done.stderr
    assert calls == [
        ["--parsable", "--array=1,5", "--nodes=1", "--gpus-per-node=8", "ladder.sbatch"],
        ["--parsable", "--array=2-3", "--nodes=1", "--gpus-per-node=8", "--dependency=afterok:101_1", "ladder.sbatch"],
        ["--parsable", "--array=4", "--nodes=1", "--gpus-per-node=8", "--dependency=afterok:102_3", "ladder.sbatch"],
        ["--parsable", "--array=6", "--nodes=1", "--gpus-per-node=2", "ladder.sbatch"],
    ]


def test_what_a_cluster_wants_besides_goes_to_every_array(tmp_path):
    calls, _ = submitted(written(tmp_path), "--partition=big ones", "--time=1-0")

    assert [call[-3:-1] for call in calls] == [["--partition=big ones", "--time=1-0"]] * 4


def test_nothing_is_submitted_where_something_is_not_filled_in(tmp_path):
    for place, name in enumerate(MEGATRON):
        calls, done = submitted(written(tmp_path / str(place)), without=[name])

        assert (calls, done.returncode != 0) == ([], True)
        assert f"{name}: is not set: " in done.stderr


def test_a_task_starts_the_script_of_its_line(tmp_path):
    folder = written(tmp_path)
    path = tools(folder, srun=SRUN, scontrol=SCONTROL, torchrun=reading.TELL)
    rows = [line.split("\t") for line in (folder / "runs.tsv").read_text().splitlines()[1:]]

    for task, run, _, _, gpus, steps, _ in rows:
        told = folder / f"told-{task}"
        done = subprocess.run(
            ["bash", str(folder / "ladder.sbatch")], capture_output=True, text=True, check=False,
            env={
                "PATH": path, "TOLD": str(told), **{name: reading.FILLED[name] for name in MEGATRON},
                "SLURM_ARRAY_TASK_ID": task, "SLURM_SUBMIT_DIR": str(folder), "SLURM_JOB_ID": "12345",
                "SLURM_JOB_NODELIST": "node-[a-b]",
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        options = reading.options(told.read_text().split("\0")[:-1])
        assert [options[f"--{name}"][0] for name in ("save", "train-iters", "nproc-per-node", "master-addr")] == [
            f"/out/{run}", steps, gpus, "node-a",
        ]  # fmt: skip
    assert len(rows) == 6


def test_a_task_that_the_table_does_not_have_is_said(tmp_path):
    folder = written(tmp_path)

    done = subprocess.run(
        ["bash", str(folder / "ladder.sbatch")], capture_output=True, text=True, check=False,
        env={
            "PATH": os.environ["PATH"], **reading.FILLED, "SLURM_ARRAY_TASK_ID": "60", "SLURM_SUBMIT_DIR": str(folder),
        },
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (2, "runs.tsv has no task 60\n")


def test_a_piece_waits_for_the_one_whose_checkpoint_it_reads(tmp_path):
    rows = [line.split("\t") for line in (written(tmp_path) / "runs.tsv").read_text().splitlines()[1:]]

    waits = {run: after for _, run, *_, after in rows}
    for run, after in waits.items():
        script = (tmp_path / run / "megatron.sh").read_text()
        read = f'FROM="${{CHECKPOINT_DIR}}/{after}"'
        assert (read in script) == (after != "-")


def test_tasks_are_written_as_spans():
    assert [spans(tasks) for tasks in ([1], [1, 2, 3], [3, 1, 2, 7], [2, 4, 5])] == ["1", "1-3", "1-3,7", "2,4-5"]


@pytest.mark.slurm
@pytest.mark.skipif(bool(slurm.why_not()), reason=slurm.why_not() or "Slurm is here")
def test_slurm_itself_takes_the_arrays(tmp_path, tmp_path_factory):
    folder = written(tmp_path)

    with slurm.running(tmp_path_factory.mktemp("slurm")) as variables:
        for tasks in ("1,5", "2-3"):
            done = subprocess.run(
                ["sbatch", "--test-only", f"--array={tasks}", "--nodes=1", "ladder.sbatch"],
                cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **variables},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
