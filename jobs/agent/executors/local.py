"""Runs a job in a child process of this machine, behind a keeper that outlives nobody."""

import contextlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jobs.agent import folder as files
from jobs.agent import keeper

# The keeper lets the job end by itself for its own patience, then kills; after this it is taken for stuck.
GRACE_S = keeper.PATIENCE_S + 10.0
# What a job may know of this machine; the node's credential and the agent's other variables are not among it.
KEPT = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
)
KEPT_PREFIXES = ("NCCL_", "GLOO_", "TORCH_NCCL_", "UCX_")


@dataclass
class LocalJob:
    """A keeper and the end of the pipe that keeps it going."""

    process: "subprocess.Popen[bytes]"
    folder: Path

    def ended(self) -> str | None:
        if self.process.poll() is None:
            return None
        found = files.read(self.folder, files.ENDED)
        return str(found["reason"]) if found else keeper.LOST

    def keep(self) -> None:
        assert self.process.stdin is not None  # noqa: S101 -- opened as a pipe below
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(b".")
            self.process.stdin.flush()

    def stop(self) -> None:
        assert self.process.stdin is not None  # noqa: S101 -- opened as a pipe below
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Local:
    """One job at a time: measurements of two jobs at once would be of neither."""

    slots = 1
    watch = "pipe"

    def root(self, _state: Path) -> Path:
        return Path(tempfile.gettempdir())

    def start(self, folder: Path) -> LocalJob:
        """Starts the keeper of the request in `folder`."""
        process = subprocess.Popen(
            [sys.executable, "-m", "jobs.agent.keeper", str(folder)],
            stdin=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )
        return LocalJob(process, folder)


def environment() -> dict[str, str]:
    """What a job may know of this machine's environment."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUNBUFFERED": "1"}
