"""The process that measures: `python -m jobs.agent.child FOLDER`, once for each process of the recipe.

It runs the recipe that `request.json` names and leaves `outcome.json`: the measurement, or what somebody can mend.
The first process alone writes.
"""

import os
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from jobs import processes
from jobs.agent import folder as files
from jobs.agent.command import KEEPER
from jobs.agent.errors import NO_TORCH
from jobs.bench.run import measure
from solvers import recipes
from solvers.errors import IsoflopError, Problem

PROGRESS_STEP_S = 0.5
# What the server takes of a stage; the log has it whole.
MOST_STAGE = 100


class Teller:
    """Progress of the recipe: a line of the log for each step, and twice a second at most a file for the agent."""

    def __init__(self, folder: Path, *, silent: bool) -> None:
        self._folder, self._silent, self._next = folder, silent, 0.0

    def __call__(self, stage: str, fraction: float) -> None:
        if self._silent:
            return
        with suppress(OSError):
            self._tell(stage, fraction)

    def _tell(self, stage: str, fraction: float) -> None:
        """OSError where the disk is full, which may have passed when the outcome is written."""
        print(f"{100 * fraction:3.0f} %  {stage}", flush=True)  # noqa: T201 -- the job's log
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PROGRESS_STEP_S
        files.write(
            self._folder, files.PROGRESS, {"stage": stage[:MOST_STAGE], "fraction": min(max(fraction, 0.0), 1.0)}
        )


def main(folder: Path) -> None:
    """Runs the request of `folder`."""
    processes.die_with(os.getppid())
    _leave_without_keeper()
    first = os.environ.get("RANK", "0") == "0"
    outcome = _outcome(folder, Teller(folder, silent=not first))
    if first:
        files.write(folder, files.OUTCOME, outcome)


def _leave_without_keeper() -> None:
    """A keeper that was killed while this process started took the parent along, or never was the parent."""
    keeper = os.environ.get(KEEPER)
    if processes.LINUX and keeper and int(keeper) not in processes.ancestors():
        os._exit(1)


def _outcome(folder: Path, say: Teller) -> dict[str, object]:
    asked = files.read(folder, files.REQUEST)
    try:
        recipe = recipes.get(asked["recipe"], asked["version"])
        return {"measured": measure(recipe, recipe.parse(asked["params"]), say)}
    except IsoflopError as error:
        return {"failed": [problem.document() for problem in error.problems]}
    except Exception as error:  # noqa: BLE001 -- a recipe's crash, whatever it is, is recorded
        if isinstance(error, ModuleNotFoundError) and error.name == "torch":
            return {"failed": [NO_TORCH.document()]}
        traceback.print_exc()
        hint = "The job's log holds the traceback."
        message = f"The recipe stopped: {type(error).__name__}: {error}"[:500]
        return {"failed": [Problem("recipe_crashed", message, "", hint).document()]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
