"""Where a verified job runs: in a child process of this machine, or through the Slurm of its cluster."""

from pathlib import Path
from typing import Protocol

from jobs.agent.errors import fail

NAMES = ("local", "slurm")


class Running(Protocol):
    """A job that was started. Its files are in its folder (see `jobs.agent.folder`)."""

    def ended(self) -> str | None:
        """Why it ended (a word of `jobs.agent.keeper`), None while it runs."""

    def keep(self) -> None:
        """The lease was renewed."""

    def stop(self) -> None:
        """Ends it and all that it started; returns when nothing is left."""


class Executor(Protocol):
    """A way to run jobs."""

    slots: int
    watch: str

    def root(self, state: Path) -> Path:
        """Where folders of jobs are made, on a node whose state lies in the file `state`."""

    def start(self, folder: Path) -> Running:
        """Starts the job whose request lies in `folder`."""


def of(name: str) -> Executor:
    """The executor of that name."""
    if name == "local":
        from jobs.agent.executors.local import Local  # noqa: PLC0415 -- only the one that is used

        return Local()
    if name == "slurm":
        from jobs.agent.executors.slurm import Slurm  # noqa: PLC0415 -- only the one that is used

        return Slurm()
    return fail("no_executor", f"There is no executor '{name}'.", hint=f"Known: {', '.join(NAMES)}.")
