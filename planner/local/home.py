"""The home directory: the private folder (0700) that holds all state of one installation."""

import fcntl
import math
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planner.local.errors import fail

POLL_S = 0.02


def path() -> Path:
    """`ISOFLOP_HOME`, or `.isoflop` in the current directory."""
    return Path(os.environ.get("ISOFLOP_HOME", "").strip() or ".isoflop").expanduser().resolve()


def make(home: Path) -> Path:
    """Create the home, or check that it is ours and private."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        fail("no_home", f"{home} cannot be made: {error.strerror}.", hint="ISOFLOP_HOME names another directory.")
    if home.stat().st_uid != os.geteuid():
        fail(
            "foreign_home",
            f"{home} belongs to another user.",
            hint="Start as that user, or set ISOFLOP_HOME to a directory of your own.",
        )
    home.chmod(0o700)
    return home


def folder(home: Path, name: str) -> Path:
    """A private folder in the home."""
    made = home / name
    made.mkdir(mode=0o700, exist_ok=True)
    return made


def write(file: Path, text: str) -> None:
    """Put `text` in a file that only we can read; readers see the old text or the new one, never a part."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    fresh.replace(file)


def secret(home: Path, name: str) -> str:
    """The secret called `name`, made at its first use and kept in the home."""
    file = home / name
    with lock(home, name):
        if not file.is_file():
            write(file, secrets.token_urlsafe(32) + "\n")
        return file.read_text().strip()


@contextmanager
def lock(home: Path, name: str, *, patience_s: float = math.inf) -> Iterator[bool]:
    """Hold the lock called `name`; yields False where another process holds it longer than we wait."""
    handle = os.open(folder(home, "locks") / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _locked(handle, patience_s)
    finally:
        os.close(handle)


def _locked(handle: int, patience_s: float) -> bool:
    limit = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= limit:
                return False
            time.sleep(POLL_S)
        else:
            return True
