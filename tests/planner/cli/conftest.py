"""The `isoflop` command: as a process of its own, the way a shell or a CI system runs it, or inside the test's.

What a test asks of one command again and again is asked inside; starting a process costs more than the question.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner.cli.app import app

Isoflop = Callable[..., subprocess.CompletedProcess[bytes]]
COMMAND = (sys.executable, "-c", "from planner.cli import main; main()")


# A browser's loop of an earlier test may be running in this process; tests that write rows themselves need the leave.
BESIDE_A_BROWSER = "DJANGO_ALLOW_ASYNC_UNSAFE"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Isoflop:
    """The same command without a process of its own, in the same empty folder and bare environment."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("ISOFLOP_", "DJANGO_")) and name != BESIDE_A_BROWSER:
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        done = CliRunner().invoke(app, arguments, input=stdin, prog_name="isoflop")
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout_bytes, done.stderr_bytes)

    return run


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
