"""Optuna: a study of learning rate and batch for each rung, with the planned ones as its first trial.

The space is where the best may be, by the interval of the plan and no further than a run would notice, and the flat
region around the planned one: as wide, in shares of the best, as the plan's is at its target. Batches are whole
multiples of the rung's GPUs (names as of Optuna 5 [optuna2026study]).
"""

from solvers.documents import Document
from solvers.scaling.exports import mup
from solvers.scaling.exports.alone import TABLE, alone, code, environment, listed, table
from solvers.scaling.exports.rungs import Ladder, Rung, ladder_of

FILE = "study.py"
# Batches around the planned one, as shares of it: half steps of a doubling (estimate).
AROUND = (0.25, 0.354, 0.5, 0.707, 1.0, 1.414, 2.0, 2.828, 4.0)
# Beyond this factor a learning rate costs about a percent of loss (estimate; solvers/laws/fit/flags.py has it).
WIDEST = 4.0
STUDY = '''"""Learning rate and batch of each rung of a ladder, by Optuna: python study.py [--rung NAME] [--trials N].
{alone}

TRAIN is the command that trains. It is started with the numbers of a trial in its environment:

{names}

and prints the loss that it reached as the last line of its output. STORAGE is where studies are kept; without it a file
beside this one.
"""

import argparse
import json
import math
import os
import shlex
import subprocess
import sys
from pathlib import Path

import optuna

HERE = Path(__file__).resolve().parent
TABLE = json.loads((HERE / "{table}").read_text())
ENVIRONMENT = {environment}


def study_of(name: str) -> optuna.Study:
    """The study of a rung, with what was planned as its first trial."""
    storage = os.environ.get("STORAGE") or f"sqlite:///{{HERE / 'study.db'}}"
    study = optuna.create_study(
        study_name=f"{{TABLE['name']}}-{{name}}", storage=storage, direction="minimize", load_if_exists=True
    )
    study.enqueue_trial(TABLE["planned"][name], user_attrs={{"planned": True}}, skip_if_exists=True)
    return study


def objective(trial: optuna.Trial, name: str) -> float:
    """The loss that the rung reaches with a trial's learning rate and batch, after the rung's tokens."""
    space, rung = TABLE["space"][name], dict(TABLE["rungs"][name])
    rung["learning_rate"] = trial.suggest_float("learning_rate", *space["learning_rate"], log=True)
    rung["batch_in_sequences"] = trial.suggest_categorical("batch_in_sequences", space["batch_in_sequences"])
    batch_tokens = rung["batch_in_sequences"] * rung["sequence_length"]
    steps = math.ceil(rung["tokens"] / batch_tokens)
    for part in ("warmup_in_steps", "decay_in_steps"):
        rung[part] = round(rung[part] * steps / rung["train_steps"])
    rung |= {{"train_steps": steps, "batch_tokens": batch_tokens}}
    for column, value in rung.items():
        trial.set_user_attr(column, value)
    told = {{variable: str(rung[column]) for variable, column in ENVIRONMENT.items() if rung[column] is not None}}
    done = subprocess.run(
        shlex.split(os.environ["TRAIN"]), env={{**os.environ, **told}}, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout.strip().splitlines()[-1])


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rung", choices=list(TABLE["rungs"]), help="one rung alone; otherwise all, in their order")
    asked.add_argument("--trials", type=int, default=1, help="trials of each; the first is the planned one")
    told = asked.parse_args()
    if not os.environ.get("TRAIN"):
        sys.exit("TRAIN is not set: the command that trains, such as 'python train.py'.")
    for name in [told.rung] if told.rung else TABLE["rungs"]:
        study = study_of(name)
        study.optimize(lambda trial, name=name: objective(trial, name), n_trials=told.trials)
        print(name, study.best_value, study.best_params, flush=True)


if __name__ == "__main__":
    main()
'''


def write(result: Document) -> dict[str, str]:
    """The program and the table with the spaces and first trials."""
    ladder = ladder_of(result)
    names = environment(ladder)
    program = STUDY.format(
        alone="".join(f"\n{line}" for line in (*alone(ladder), *mup.notes(ladder))),
        names=listed(names),
        table=TABLE,
        environment=code(names),
    )
    told = table(
        ladder,
        name=ladder.name,
        planned={rung.label: _planned(rung) for rung in ladder.rungs},
        space={rung.label: space(ladder, rung) for rung in ladder.rungs},
    )
    return {FILE: program, TABLE: told}


def _planned(rung: Rung) -> Document:
    tuned = rung.tuned
    return {"learning_rate": tuned["learning_rate"]["value"], "batch_in_sequences": tuned["batch_sequences"]}


def space(ladder: Ladder, rung: Rung) -> Document:
    """The learning rates and batches to try; the planned ones are among them."""
    tuned = rung.tuned
    flat = ladder.plan.get("tuning") or {}
    rate = _range(tuned["learning_rate"], tuned["learning_rate"]["value"], _flat(flat, "learning_rate"))
    sequences = tuned["batch_sequences"] * tuned["sequence_length"]
    batch = _range(tuned["batch_tokens"], sequences, _flat(flat, "batch_tokens"))
    return {
        "learning_rate": [float(f"{one:.4g}") for one in rate],
        "batch_in_sequences": _batches(rung, *(one / tuned["sequence_length"] for one in batch)),
    }


def _range(said: Document, planned: float, flat: tuple[float, float]) -> tuple[float, float]:
    """From and to: the interval of the best within WIDEST of the planned one, or the flat region if that is wider."""
    low, high = max(said["low"], planned / WIDEST), min(said["high"], planned * WIDEST)
    return min(low, planned * flat[0]), max(high, planned * flat[1])


def _flat(tuning: Document, name: str) -> tuple[float, float]:
    """How far the flat region goes, as shares of the best in it; (1, 1) where the plan draws none."""
    contour, best = (tuning.get("flat") or {}).get(name), (tuning.get("best") or {}).get(name)
    if not contour or not best:
        return 1.0, 1.0
    return min(contour) / best["value"], max(contour) / best["value"]


def _batches(rung: Rung, low: float, high: float) -> list[int]:
    """Batches from low to high that the GPUs share evenly, and the planned one."""
    planned, gpus = rung.tuned["batch_sequences"], rung.planned.get("gpus") or 1
    near = {gpus * round(share * planned / gpus) for share in AROUND}
    return sorted({planned, *(one for one in near if one and low <= one <= high)})
