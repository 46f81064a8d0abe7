"""What a joined node keeps: which server, as whom, and whose signature it trusts. One file that only we can read."""

import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from jobs.agent.errors import fail

VARIABLE = "ISOFLOP_NODE_STATE"
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
        fail("state_not_written", f"{path} cannot be written: {error.strerror}.", hint="--state names another file.")


def with_credential(path: Path, state: State, credential: str) -> State:
    """The state with the credential that replaces the old one, saved before it is used."""
    rotated = replace(state, credential=credential)
    save(path, rotated)
    return rotated
