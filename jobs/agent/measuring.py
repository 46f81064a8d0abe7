"""A recipe measured here and now, without a server: what `isoflop measure` does."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from jobs.agent import folder as files
from jobs.agent.command import Spread, command
from jobs.agent.errors import NodeError
from jobs.agent.executors.local import environment
from solvers import recipes
from solvers.documents import Document
from solvers.errors import Problem


def measured(recipe: str, version: int | None, params: Document, *, spread: Spread | None = None) -> Document | None:
    """The measurement's document; None in a process group whose first process is on another node.

    SpecError where the recipe does not take `params`, NodeError where it cannot be measured here. What the measuring
    processes say goes to this process's stderr.
    """
    found = recipes.get(recipe, version)
    checked = found.parse(params)
    with tempfile.TemporaryDirectory(prefix="isoflop-measure-") as name:
        folder = Path(name)
        processes = found.processes(checked)
        asked = {"recipe": found.name, "version": found.version, "params": params, "processes": processes}
        files.write(folder, files.REQUEST, asked)
        started = command(folder, processes=processes, spread=spread)
        with subprocess.Popen(started, env=environment(), stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None  # noqa: S101 -- opened as a pipe above
            for line in child.stdout:
                _say(line.rstrip())
        return _outcome(files.read(folder, files.OUTCOME), code=child.returncode)


def _outcome(outcome: Any, *, code: int) -> Document | None:
    if outcome and "measured" in outcome:
        found: Document = outcome["measured"]
        return found
    if outcome:
        raise NodeError(*(Problem(**problem) for problem in outcome["failed"]))
    if code == 0:
        return None
    raise NodeError(Problem("recipe_lost", f"The measuring process ended with {code} and without a word.", "", ""))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 -- progress for people
