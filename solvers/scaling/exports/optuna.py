"""Optuna: a study of learning rate and batch for each rung, with the planned ones as its first trial.

The space is the flat region that the plan gives: outside of it a trial costs loss beyond what was asked for. Batches
are whole multiples of the rung's GPUs (names as of Optuna 5 [optuna2026study]).
"""

from solvers.documents import Document
from solvers.scaling.exports.alone import TABLE, alone, code, environment, listed, table
from solvers.scaling.exports.rungs import Rung, ladder_of

FILE = "study.py"
# Batches around the planned one, as shares of it: half steps of a doubling (estimate).
AROUND = (0.25, 0.354, 0.5, 0.707, 1.0, 1.414, 2.0, 2.828, 4.0)
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
        alone="".join(f"\n{line}" for line in alone(ladder)),
        names=listed(names),
        table=TABLE,
        environment=code(names),
    )
    told = table(
        ladder,
        name=ladder.name,
        planned={rung.label: _planned(rung) for rung in ladder.rungs},
        space={rung.label: space(rung) for rung in ladder.rungs},
    )
    return {FILE: program, TABLE: told}


def _planned(rung: Rung) -> Document:
    tuned = rung.tuned
    return {"learning_rate": tuned["learning_rate"]["value"], "batch_in_sequences": tuned["batch_sequences"]}


def space(rung: Rung) -> Document:
    """The learning rates and batches that are about as good as the planned ones, which are among them."""
    rate, batch, planned = rung.tuned["learning_rate"], rung.tuned["batch_tokens"], rung.tuned["batch_sequences"]
    return {
        "learning_rate": [min(rate["low"], rate["value"]), max(rate["high"], rate["value"])],
        "batch_in_sequences": _batches(planned, batch, rung.tuned["sequence_length"], rung.planned.get("gpus") or 1),
    }


def _batches(planned: int, batch: Document, sequence_length: int, gpus: int) -> list[int]:
    """Batches within the flat region that the GPUs share evenly, and the planned one."""
    low, high = batch["low"] / sequence_length, batch["high"] / sequence_length
    near = {gpus * round(share * planned / gpus) for share in AROUND}
    return sorted({planned, *(one for one in near if one and low <= one <= high)})
