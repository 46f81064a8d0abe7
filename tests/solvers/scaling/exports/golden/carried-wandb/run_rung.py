"""Starts one rung of the ladder: what `wandb agent` calls, with --rung=NAME.

Planned with muP: LR is the rate that was tuned at the width MUP_TUNED_WIDTH, and far too high for a program
that knows no muP. For the weights of the input, the hidden matrices and the output, the program has to
multiply LR by MUP_INPUT_RATE_FACTOR, MUP_HIDDEN_RATE_FACTOR and MUP_OUTPUT_RATE_FACTOR, and the standard
deviation of their first values by MUP_INPUT_INIT_FACTOR, MUP_HIDDEN_INIT_FACTOR and MUP_OUTPUT_INIT_FACTOR.
Attention scores are divided by the size of a head; where that is as in the tuned model, nothing changes.

TRAIN is the command that trains. It is started with the rung's numbers in its environment:

    RUNG, LR, BATCH_SEQUENCES, SEQUENCE_LENGTH, TRAIN_STEPS, WARMUP_STEPS, SCHEDULE, DECAY_STEPS, FINAL_RATE_SHARE,
    WEIGHT_DECAY, ADAM_BETA1, ADAM_BETA2, LAYERS, HIDDEN, FFN, HEADS, KV_HEADS, HEAD_SIZE, VOCABULARY, GPUS,
    MUP_TUNED_WIDTH, MUP_INPUT_RATE_FACTOR, MUP_HIDDEN_RATE_FACTOR, MUP_OUTPUT_RATE_FACTOR, MUP_INPUT_INIT_FACTOR,
    MUP_HIDDEN_INIT_FACTOR, MUP_OUTPUT_INIT_FACTOR

and logs its loss to the same W&B run as val_loss. The rung's numbers become the run's configuration, so that an export
of the runs can be imported again as it stands.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

TABLE = Path(__file__).with_name("rungs.json")
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
    "MUP_TUNED_WIDTH": "mup_tuned_width",
    "MUP_INPUT_RATE_FACTOR": "mup_input_rate_factor",
    "MUP_HIDDEN_RATE_FACTOR": "mup_hidden_rate_factor",
    "MUP_OUTPUT_RATE_FACTOR": "mup_output_rate_factor",
    "MUP_INPUT_INIT_FACTOR": "mup_input_init_factor",
    "MUP_HIDDEN_INIT_FACTOR": "mup_hidden_init_factor",
    "MUP_OUTPUT_INIT_FACTOR": "mup_output_init_factor",
}


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rung", required=True)
    rung = json.loads(TABLE.read_text())["rungs"][asked.parse_args().rung]
    command = os.environ.get("TRAIN")
    if not command:
        sys.exit("TRAIN is not set: the command that trains, such as 'python train.py'.")

    import wandb

    with wandb.init(config=rung) as run:
        told = {name: str(rung[column]) for name, column in ENVIRONMENT.items() if rung[column] is not None}
        told |= {"WANDB_RUN_ID": run.id, "WANDB_RESUME": "allow"}
    return subprocess.run(shlex.split(command), env={**os.environ, **told}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
