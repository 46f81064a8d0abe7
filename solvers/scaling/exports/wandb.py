"""Weights & Biases: the ladder as a sweep whose runs are its rungs, no more and no others.

A grid multiplies its parameters and cannot zip them. So the one parameter is the rung's name, and a program beside the
sweep looks the others up in a table (keys of the sweep as of its schema [wandb2026sweeps]).
"""

from solvers.documents import Document
from solvers.exports.filling import yaml
from solvers.exports.shell import comment
from solvers.scaling.exports import mup
from solvers.scaling.exports.alone import TABLE, alone, code, environment, listed, table
from solvers.scaling.exports.rungs import ladder_of

SWEEP, PROGRAM = "sweep.yaml", "run_rung.py"
RUN = '''"""Starts one rung of the ladder: what `wandb agent` calls, with --rung=NAME.
{notes}
TRAIN is the command that trains. It is started with the rung's numbers in its environment:

{names}

and logs its loss to the same W&B run as {metric}. The rung's numbers become the run's configuration, so that an export
of the runs can be imported again as it stands.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

TABLE = Path(__file__).with_name("{table}")
ENVIRONMENT = {environment}


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rung", required=True)
    rung = json.loads(TABLE.read_text())["rungs"][asked.parse_args().rung]
    command = os.environ.get("TRAIN")
    if not command:
        sys.exit("TRAIN is not set: the command that trains, such as 'python train.py'.")

    import wandb

    with wandb.init(config=rung) as run:
        told = {{name: str(rung[column]) for name, column in ENVIRONMENT.items() if rung[column] is not None}}
        told |= {{"WANDB_RUN_ID": run.id, "WANDB_RESUME": "allow"}}
    return subprocess.run(shlex.split(command), env={{**os.environ, **told}}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
'''
METRIC = {"nats/token": "val_loss", "nats/byte": "nats_per_byte", "bits/byte": "val_bpb", "bits/char": "val_bpc"}


def write(result: Document) -> dict[str, str]:
    """The sweep, its table, and the program that starts a rung."""
    ladder = ladder_of(result)
    metric = METRIC[ladder.loss_unit]
    names = environment(ladder)
    sweep = {
        "name": ladder.name,
        "description": f"The {len(ladder.rungs)} small runs of a scaling plan.",
        "program": PROGRAM,
        "method": "grid",
        "metric": {"name": metric, "goal": "minimize"},
        "run_cap": len(ladder.rungs),
        "parameters": {"rung": {"values": [rung.label for rung in ladder.rungs]}},
        "command": ["${env}", "${interpreter}", "${program}", "${args}"],
    }
    carried = mup.notes(ladder)
    start = "wandb sweep --project PROJECT sweep.yaml, then with TRAIN set: wandb agent SWEEP"
    program = RUN.format(
        notes="\n".join(["", *carried, ""]) if carried else "",
        names=listed(names),
        metric=metric,
        table=TABLE,
        environment=code(names),
    )
    head = comment([start, *alone(ladder), *carried])
    return {SWEEP: f"{head}\n{yaml(sweep)}", TABLE: table(ladder), PROGRAM: program}
