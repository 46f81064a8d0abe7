"""Slurm: the ladder as job arrays, one for runs of as many nodes that wait for the same run, and what submits them.

A job array asks for the same nodes and GPUs for all its tasks, which find their run by a line of `runs.tsv`. Decays of
a tree wait for their piece of the trunk, one task of another array: `--dependency=afterok:JOB_TASK`
[schedmd2026arrays].
"""

from collections.abc import Sequence
from itertools import count

from solvers.documents import Document
from solvers.exports.shell import Need, comment, needs, script
from solvers.scaling.exports.frameworks import Framework, first_able
from solvers.scaling.exports.launches import Launch, launches
from solvers.scaling.exports.rungs import ladder_of
from solvers.training.exports.launchers import wanted
from solvers.training.exports.slurm import on_every_node

ARRAY, SUBMIT, TABLE = "ladder.sbatch", "submit.sh", "runs.tsv"
COLUMNS = ("task", "run", "script", "nodes", "gpus_per_node", "steps", "after")


def write(result: Document) -> dict[str, str]:
    """The array's script, its table, what submits all, and the framework's files."""
    ladder = ladder_of(result)
    runs = launches(ladder)
    framework, files = first_able(runs)
    asked = list(dict.fromkeys(one for run in runs for one in wanted(files[f"{run.name}/{framework.start}"])))
    return {
        ARRAY: _array(framework, asked, name=ladder.name),
        SUBMIT: _submit(runs, asked, name=ladder.name),
        TABLE: _table(runs, framework),
        **files,
    }


def _table(runs: Sequence[Launch], framework: Framework) -> str:
    """A line for each task, tabs between its columns."""
    rows = [
        (place, run.name, f"{run.name}/{framework.start}", run.plan.nodes, run.plan.gpus_per_node, run.plan.steps)
        for place, run in enumerate(runs, start=1)
    ]
    after = [run.before or "-" for run in runs]
    lines = ["\t".join(COLUMNS), *("\t".join(map(str, (*row, last))) for row, last in zip(rows, after, strict=True))]
    return "\n".join(lines) + "\n"


def _array(framework: Framework, asked: Sequence[Need], *, name: str) -> str:
    """The script of every array; `submit.sh` gives the tasks, nodes and GPUs."""
    head = [
        f"{framework.title}: runs of the ladder {name}. {SUBMIT} submits it; one run alone:",
        f"sbatch --array=TASK --nodes=N --gpus-per-node=G {ARRAY}, with the numbers of its line in {TABLE}.",
        "SRUN_OPTIONS may hold what your cluster wants, such as --container-image=... of Pyxis.",
    ]
    options = [f"--job-name={name}", "--ntasks-per-node=1", "--output=%x-%A_%a.out", "--open-mode=append", "--requeue"]
    return "\n".join(
        [
            "#!/usr/bin/env bash",
            *(f"#SBATCH {option}" for option in options),
            comment(head),
            "set -euo pipefail",
            "",
            ': "${SLURM_ARRAY_TASK_ID:?is not set: submit this as an array}"',
            needs(asked),
            f"export {' '.join(name for name, _ in asked)}",
            "",
            f'TABLE="${{SLURM_SUBMIT_DIR}}/{TABLE}"',
            "# shellcheck disable=SC2016  # awk's own words",
            'ROW="$(awk -F \'\\t\' -v task="${SLURM_ARRAY_TASK_ID}" \'$1 == task\' "${TABLE}")"',
            'if [ -z "${ROW}" ]; then',
            f'  echo "{TABLE} has no task ${{SLURM_ARRAY_TASK_ID}}" >&2',
            "  exit 2",
            "fi",
            "IFS=$'\\t' read -r _ RUN SCRIPT _ <<< \"${ROW}\"",
            'echo "run ${RUN}"',
            "",
            *on_every_node('"${SLURM_SUBMIT_DIR}/${SCRIPT}"'),
            "",
        ]
    )


def _submit(runs: Sequence[Launch], asked: Sequence[Need], *, name: str) -> str:
    """Submits all arrays: one for runs of as many nodes and GPUs that wait for the same task."""
    head = [
        f"Submits the ladder {name}: {len(runs)} runs, each in the order of its trunk. Arguments go to every sbatch:",
        f"./{SUBMIT} --partition=gpu --account=team --time=1-0",
        "A piece that fails leaves what waits for it pending: see `scontrol show job`, mend it, submit again.",
    ]
    task = {run.name: place for place, run in enumerate(runs, start=1)}
    array: dict[str, int] = {}
    parts = []
    for number, group in zip(count(1), _groups(runs)):
        array |= {run.name: number for run in group}
        before = group[0].before
        after = f'\n  --dependency="afterok:${{ARRAY_{array[before]}}}_{task[before]}" \\' if before else ""
        parts.append(_sbatch(number, [task[run.name] for run in group], group[0], after))
    here = 'cd "$(dirname "$0")"'
    return script(head, needs(asked), here, *parts)


def _sbatch(number: int, tasks: Sequence[int], like: Launch, after: str) -> str:
    """One array's submission; Slurm may answer with `ID;cluster`."""
    return (
        f'ARRAY_{number}="$(sbatch --parsable --array={spans(tasks)} \\\n'
        f"  --nodes={like.plan.nodes} --gpus-per-node={like.plan.gpus_per_node} \\"
        f'{after}\n  "$@" {ARRAY})"\n'
        f'ARRAY_{number}="${{ARRAY_{number}%%;*}}"\n'
        f'echo "array ${{ARRAY_{number}}}: tasks {spans(tasks)}"'
    )


def _groups(runs: Sequence[Launch]) -> list[list[Launch]]:
    """Runs that one array can hold, each group after the one that it waits for."""
    found: dict[tuple[object, ...], list[Launch]] = {}
    for run in runs:
        found.setdefault((run.before, run.plan.nodes, run.plan.gpus_per_node), []).append(run)
    return list(found.values())


def spans(tasks: Sequence[int]) -> str:
    """Tasks as `--array` takes them: `1-3,7`."""
    found: list[list[int]] = []
    for one in sorted(tasks):
        if found and one == found[-1][1] + 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)
