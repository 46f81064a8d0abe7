"""What a joined node keeps: which server, as whom, and whose signature it trusts. One file that only we can read."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import IO

from jobs.agent.errors import fail

VARIABLE = "ISOFLOP_NODE_STATE"
ROOM_HINT = "--state names another file."
JOIN_HINT = "Join first: `isoflop node join URL --token T`; the page Nodes makes the token."


@dataclass(frozen=True)
class State:
    """A joined node. `public_key` is the server's Ed25519 key in base64; `ca` a file of certificates, or empty."""

    url: str
    node: str
    name: str
    credential: str
    public_key: str
    executor: str
    ca: str = ""
    renew_s: float = 10.0
    lease_s: float = 30.0


def default_path() -> Path:
    """`ISOFLOP_NODE_STATE`, or `~/.config/isoflop/node.json`."""
    named = os.environ.get(VARIABLE, "").strip()
    return Path(named or "~/.config/isoflop/node.json").expanduser()


def load(path: Path) -> State:
    """The state; NodeError where this machine has not joined, or where others could read the credential."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        found = State(**{field.name: kept[field.name] for field in fields(State) if field.name in kept})
    except FileNotFoundError:
        fail("not_joined", f"This machine has joined no server: there is no {path}.", hint=JOIN_HINT)
    except (ValueError, TypeError):
        fail("bad_state", f"{path} is not what joining wrote.", hint=JOIN_HINT)
    except OSError as error:
        fail("bad_state", f"{path} cannot be read: {error.strerror}.", hint="Run as the user who joined.")
    if path.stat().st_mode & 0o077:
        fail("open_state", f"Others can read {path}.", hint=f"chmod 600 {path}, then join again: treat it as stolen.")
    return found


def save(path: Path, state: State) -> None:
    """Writes the state: readers see the old one or the new one, never a part."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(state), file, indent=1)
        fresh.replace(path)
    except OSError as error:
        fail("state_not_written", f"{path} cannot be written: {error.strerror}.", hint=ROOM_HINT)


def check_room(path: Path) -> None:
    """NodeError where a state could not be saved: before a token that is good for one use is spent."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        trial = path.with_name(f".{path.name}.{os.getpid()}")
        trial.write_text("x" * 1000, "utf-8")
        trial.unlink()
    except OSError as error:
        fail("state_not_written", f"{path} cannot be written: {error.strerror}.", hint=ROOM_HINT)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """NodeError where another agent runs as this node: each would end the other's credential when it is renewed."""
    if not path.exists():
        yield
        return
    with _lock(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "Stop it (systemctl stop isoflop-node), or join once more with a --state of its own."
            fail("runs_already", f"Another agent runs with {path}.", hint=hint)
        yield


def _lock(path: Path) -> IO[str]:
    try:
        return path.with_name(f".{path.name}.lock").open("w")
    except OSError as error:
        fail("state_not_written", f"Beside {path} nothing can be written: {error.strerror}.", hint=ROOM_HINT)


def with_credential(path: Path, state: State, credential: str) -> State:
    """The state with the credential that replaces the old one, saved before it is used."""
    rotated = replace(state, credential=credential)
    save(path, rotated)
    return rotated
