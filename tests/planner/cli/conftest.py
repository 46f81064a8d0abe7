"""The `isoflop` command as a process of its own, the way a shell or a CI system runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Isoflop = Callable[..., subprocess.CompletedProcess[bytes]]
COMMAND = (sys.executable, "-c", "from planner.cli import main; main()")


@pytest.fixture
def isoflop(tmp_path: Path) -> Isoflop:
    """`isoflop("solve", "-", stdin=b"")` in an empty folder; nothing of the session's server is in its environment."""

    def run(
        *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ISOFLOP_", "DJANGO_"))}
        checkout = str(Path(__file__).parents[3])
        return subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env={**kept, "PYTHONPATH": checkout, "NO_COLOR": "1", "COLUMNS": "100", **(env or {})},
            timeout=120,
            check=False,
        )

    return run
