"""Slurm: an sbatch script that starts a plan's launch script on every node."""

from solvers.documents import Document
from solvers.exports.shell import comment, needs
from solvers.training.exports.launchers import Launch, launch
from solvers.training.exports.planned import Planned, planned

FILE = "train.sbatch"


def write(result: Document) -> dict[str, str]:
    """The batch script and what it starts."""
    plan, start = planned(result), launch(result)
    return {FILE: text(plan, start, name=f"isoflop-{result['spec_hash'][:8]}"), **start.files}


def text(plan: Planned, start: Launch, *, name: str) -> str:
    """The batch script. The scheduler copies it away, so that files stand where it was submitted."""
    head = [
        f"{start.framework}: {plan.title}, {plan.label}, on {plan.nodes} x {plan.gpus_per_node} {plan.gpu.shown}.",
        f"Submit it from the folder that holds {start.start}: sbatch {FILE}",
        "SRUN_OPTIONS may hold what your cluster wants, such as --container-image=... of Pyxis.",
    ]
    options = [
        f"--job-name={name}",
        f"--nodes={plan.nodes}",
        "--ntasks-per-node=1",
        f"--gpus-per-node={plan.gpus_per_node}",
        "--exclusive",
        "--open-mode=append",
        "--requeue",
    ]
    return "\n".join(
        [
            "#!/usr/bin/env bash",
            *(f"#SBATCH {option}" for option in options),
            comment(head),
            "set -euo pipefail",
            "",
            needs(start.wanted),
            f"export {' '.join(name for name, _ in start.wanted)}",
            "",
            *on_every_node(f'"${{SLURM_SUBMIT_DIR}}/{start.start}"'),
            "",
        ]
    )


def on_every_node(path: str) -> list[str]:
    """Lines that start the script at `path`, as the shell reads it, once a node, each told its number."""
    return [
        'HOSTS="$(scontrol show hostnames "${SLURM_JOB_NODELIST}")"',
        "MASTER_ADDR=\"${HOSTS%%$'\\n'*}\"",
        'MASTER_PORT="$((20000 + SLURM_JOB_ID % 10000))"',
        "export MASTER_ADDR MASTER_PORT",
        'read -r -a EXTRA <<< "${SRUN_OPTIONS:-}"',
        "",
        "# shellcheck disable=SC2016  # the node fills in its own number",
        'srun --kill-on-bad-exit=1 "${EXTRA[@]}" \\',
        f'  bash -c \'NODE_RANK="${{SLURM_NODEID}}" exec bash "$0"\' {path}',
    ]
