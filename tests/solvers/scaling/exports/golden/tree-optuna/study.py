"""Learning rate and batch of each rung of a ladder, by Optuna: python study.py [--rung NAME] [--trials N].

Each rung starts from nothing here. The formats slurm, megatron and torchtitan let rungs of one size share
the time before their decay. That saves 11 % of the compute.

TRAIN is the command that trains. It is started with the numbers of a trial in its environment:

    RUNG, LR, BATCH_SEQUENCES, SEQUENCE_LENGTH, TRAIN_STEPS, WARMUP_STEPS, SCHEDULE, DECAY_STEPS, FINAL_RATE_SHARE,
    WEIGHT_DECAY, ADAM_BETA1, ADAM_BETA2, LAYERS, HIDDEN, FFN, HEADS, KV_HEADS, HEAD_SIZE, VOCABULARY, GPUS

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
TABLE = json.loads((HERE / "rungs.json").read_text())
ENVIRONMENT = {
    "RUNG": "name",
    "LR": "learning_rate",
    "BATCH_SEQUENCES": "batch_in_sequences",
    "SEQUENCE_LENGTH": "sequence_length",
    "TRAIN_STEPS": "train_steps",
    "WARMUP_STEPS": "warmup_in_steps",
    "SCHEDULE": "schedule",
    "DECAY_STEPS": "decay_in_steps",
    "FINAL_RATE_SHARE": "final_rate_share",
    "WEIGHT_DECAY": "weight_decay",
    "ADAM_BETA1": "adam_beta1",
    "ADAM_BETA2": "adam_beta2",
    "LAYERS": "layers",
    "HIDDEN": "hidden_width",
    "FFN": "ffn_width",
    "HEADS": "heads",
    "KV_HEADS": "kv_heads",
    "HEAD_SIZE": "head_width",
    "VOCABULARY": "vocabulary_words",
    "GPUS": "gpus",
}


def study_of(name: str) -> optuna.Study:
    """The study of a rung, with what was planned as its first trial."""
    storage = os.environ.get("STORAGE") or f"sqlite:///{HERE / 'study.db'}"
    study = optuna.create_study(
        study_name=f"{TABLE['name']}-{name}", storage=storage, direction="minimize", load_if_exists=True
    )
    study.enqueue_trial(TABLE["planned"][name], user_attrs={"planned": True}, skip_if_exists=True)
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
    rung |= {"train_steps": steps, "batch_tokens": batch_tokens}
    for column, value in rung.items():
        trial.set_user_attr(column, value)
    told = {variable: str(rung[column]) for variable, column in ENVIRONMENT.items() if rung[column] is not None}
    done = subprocess.run(
        shlex.split(os.environ["TRAIN"]), env={**os.environ, **told}, stdout=subprocess.PIPE, text=True, check=True
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
