"""The scripts run with a `torchrun` that tells its arguments, and the files before the parsers of their readers."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from solvers.scaling.exports import EXPORTS as ALL
from tests.solvers.scaling.exports import cases
from tests.solvers.training.exports import reading
from tests.solvers.training.exports.test_frameworks import MEGATRON, PARSE, WITHOUT_CUDA

EXPORTS = {export.name: export for export in ALL}
RUNS = (
    "01-70m-1.3b", "02-70m-5.2b", "02-70m-5.2b-trunk-1", "02-70m-5.2b-trunk-2", "03-410m-2.6b", "04-70m-small",
    "big-run",
)  # fmt: skip


def written(name, folder):
    for file, text in EXPORTS[name].write(cases.result("tree")).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return folder


def started(folder, run, *, script, **more):
    """The options of what the run's script starts, with the reader's learning rate and steps left to the plan."""
    done, words = reading.run(script, folder / run, without=["LR", "TRAIN_STEPS"], **more)
    assert done.returncode == 0, done.stderr
    return reading.options(words)


@pytest.mark.parametrize("name", ["megatron", "torchtitan", "slurm"])
def test_shellcheck_finds_nothing_in_the_scripts(name, tmp_path):
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    scripts = [path for path in sorted(written(name, tmp_path).rglob("*")) if path.suffix in (".sh", ".sbatch")]

    done = subprocess.run([program, *scripts], capture_output=True, text=True, check=False)

    assert (len(scripts) >= len(RUNS), done.returncode, done.stdout) == (True, 0, "")


def test_megatron_is_told_rate_schedule_and_optimizer_of_every_run(tmp_path):
    folder = written("megatron", tmp_path)

    told = {run: started(folder, run, script="megatron.sh") for run in RUNS}

    names = ("--lr", "--train-iters", "--lr-decay-style", "--lr-warmup-iters", "--lr-decay-iters")
    assert {run: tuple(one[name][0] for name in names) for run, one in told.items()} == {
        "01-70m-1.3b": ("0.0021", "5000", "WSD", "200", "5000"),
        "02-70m-5.2b": ("0.0021", "20000", "WSD", "200", "20000"),
        "02-70m-5.2b-trunk-1": ("0.0021", "4000", "constant", "200", "20000"),
        "02-70m-5.2b-trunk-2": ("0.0021", "16000", "constant", "200", "20000"),
        "03-410m-2.6b": ("0.0012", "5000", "WSD", "200", "5000"),
        "04-70m-small": ("0.0025", "5000", "WSD", "200", "5000"),
        "big-run": ("0.0004", "50000", "WSD", "200", "50000"),
    }
    decays = {run: one.get("--lr-wsd-decay-iters") for run, one in told.items()}
    assert decays == {
        "01-70m-1.3b": ["1000"], "02-70m-5.2b": ["4000"], "02-70m-5.2b-trunk-1": None, "02-70m-5.2b-trunk-2": None,
        "03-410m-2.6b": ["1000"], "04-70m-small": ["1000"], "big-run": ["10000"],
    }  # fmt: skip
    assert {tuple(one[f"--{n}"][0] for n in ("weight-decay", "adam-beta1", "adam-beta2")) for one in told.values()} == {
        ("0.1", "0.9", "0.95")
    }


def test_a_decay_goes_on_from_the_trunks_checkpoint_and_then_from_its_own(tmp_path):
    folder, out = written("megatron", tmp_path / "files"), tmp_path / "out"
    run = "02-70m-5.2b"

    first = started(folder, run, script="megatron.sh", CHECKPOINT_DIR=str(out))
    (out / run).mkdir(parents=True)
    (out / run / "latest_checkpointed_iteration.txt").write_text("17000")
    again = started(folder, run, script="megatron.sh", CHECKPOINT_DIR=str(out))

    names = ("--save", "--load", "--ckpt-step")
    assert [first.get(name) for name in names] == [[f"{out}/{run}"], [f"{out}/02-70m-5.2b-trunk-2"], ["16000"]]
    assert [again.get(name) for name in names] == [[f"{out}/{run}"], [f"{out}/{run}"], None]
    assert "--override-opt_param-scheduler" in first


def test_a_run_of_its_own_starts_from_nothing(tmp_path):
    told = started(written("megatron", tmp_path), "03-410m-2.6b", script="megatron.sh")

    assert (told["--load"], "--ckpt-step" in told, "--override-opt_param-scheduler" in told) == (
        ["/out/03-410m-2.6b"], False, False,
    )  # fmt: skip


def test_a_readers_own_rate_goes_before_the_plans(tmp_path):
    folder = written("megatron", tmp_path)

    _, words = reading.run("megatron.sh", folder / "03-410m-2.6b", LR="5e-4")

    assert reading.options(words)["--lr"] == ["5e-4"]


def test_torchtitan_keeps_the_peak_on_the_trunk_and_decays_at_the_runs_end(tmp_path):
    folder = written("torchtitan", tmp_path)

    parts = {run: tomllib.loads((folder / run / "torchtitan.toml").read_text()) for run in RUNS}

    assert {run: (one["training"]["steps"], one["lr_scheduler"]) for run, one in parts.items() if "5.2b" in run} == {
        "02-70m-5.2b": (20000, {
            "warmup_steps": 200, "total_steps": 20000, "decay_ratio": 0.2, "decay_type": "sqrt", "min_lr_factor": 0.0,
        }),
        "02-70m-5.2b-trunk-1": (4000, {"warmup_steps": 200, "total_steps": 20000, "decay_ratio": 0.0}),
        "02-70m-5.2b-trunk-2": (16000, {"warmup_steps": 200, "total_steps": 20000, "decay_ratio": 0.0}),
    }  # fmt: skip
    assert {run: one["optimizer"]["lr"] for run, one in parts.items() if run in ("03-410m-2.6b", "big-run")} == {
        "03-410m-2.6b": 0.0012, "big-run": 0.0004,
    }  # fmt: skip
    assert all(one["checkpoint"]["last_save_model_only"] is False for one in parts.values())


def test_torchtitan_loads_the_trunks_whole_state_where_a_run_goes_on(tmp_path):
    folder = written("torchtitan", tmp_path)

    told = started(folder, "01-70m-1.3b", script="torchtitan.sh")
    alone = started(folder, "03-410m-2.6b", script="torchtitan.sh")

    assert told["--checkpoint.initial_load_path"] == ["/out/02-70m-5.2b-trunk-1/checkpoint/step-4000"]
    assert told["--job.dump_folder"] == ["/out/01-70m-1.3b"]
    assert "--checkpoint.initial_load_path" not in alone
    config = tomllib.loads((folder / "01-70m-1.3b" / "torchtitan.toml").read_text())
    assert config["checkpoint"]["initial_load_model_only"] is False


@pytest.mark.parametrize("run", RUNS)
def test_torchtitan_reads_its_configuration(run, tmp_path):
    config = pytest.importorskip("torchtitan.config", reason="torchtitan 0.2 is not installed")
    file = written("torchtitan", tmp_path) / run / "torchtitan.toml"

    read = config.ConfigManager().parse_args(["--job.config_file", str(file)])

    told = tomllib.loads(file.read_text())
    assert (read.training.steps, read.lr_scheduler.warmup_steps, read.lr_scheduler.decay_ratio, read.optimizer.lr) == (
        told["training"]["steps"], 200, told["lr_scheduler"]["decay_ratio"], told["optimizer"]["lr"],
    )  # fmt: skip


LEARNING = (
    "lr", "lr_decay_style", "lr_decay_iters", "lr_warmup_iters", "lr_wsd_decay_style", "lr_wsd_decay_iters", "min_lr",
    "weight_decay", "adam_beta1", "adam_beta2", "override_opt_param_scheduler", "ckpt_step",
)  # fmt: skip


@pytest.mark.skipif(not MEGATRON, reason="ISOFLOP_MEGATRON_LM names no checkout of Megatron-LM")
def test_megatron_reads_how_a_decay_learns(tmp_path):
    folder = written("megatron", tmp_path)
    _, words = reading.run("megatron.sh", folder / "02-70m-5.2b", without=["LR", "TRAIN_STEPS"])
    given = words[words.index("/megatron/pretrain_gpt.py") + 1 :]
    program = PARSE.replace("names = (", f"names = (*{LEARNING!r}, ")

    done = subprocess.run(
        [sys.executable, "-c", program, *given, *WITHOUT_CUDA], capture_output=True, text=True, check=False,
        env={
            **os.environ, "PYTHONPATH": f"{MEGATRON}:{os.environ.get('PYTHONPATH', '')}", "RANK": "0",
            "WORLD_SIZE": "8", "CUDA_DEVICE_MAX_CONNECTIONS": "1",
        },
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    [line] = [line for line in done.stdout.splitlines() if line.startswith("READ")]
    read = json.loads(line.removeprefix("READ"))
    assert [read[name] for name in LEARNING] == [
        0.0021, "WSD", 20000, 200, "minus_sqrt", 4000, 0.0, 0.1, 0.9, 0.95, True, 16000,
    ]  # fmt: skip
