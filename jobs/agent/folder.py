"""The files between the agent and the process that measures: one folder for a job, the same for every executor."""

import json
from pathlib import Path
from typing import Any

from jobs.agent.offers import Offer

REQUEST, OUTCOME, PROGRESS, ENDED = "request.json", "outcome.json", "progress.json", "ended.json"
LOG, LEASE = "log.txt", "lease"
# Measurements are about as long.
TRIAL_BYTES = 64 * 1024


def write(folder: Path, name: str, document: Any) -> None:
    """Writes a document; readers see all of it or nothing."""
    part = folder / f".{name}.part"
    part.write_text(json.dumps(document, separators=(",", ":"), allow_nan=False), "utf-8")
    part.replace(folder / name)


def read(folder: Path, name: str) -> Any:
    """The document, or None where there is none (yet)."""
    try:
        return json.loads((folder / name).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def request(folder: Path, offer: Offer, *, lease_s: float, watch: str) -> None:
    """Puts a verified offer where its keeper looks for it: without a sign of life for `lease_s` seconds it ends.

    `watch`: the sign comes through a "pipe", or as a change of the "file" `lease`.
    """
    document = {
        "recipe": offer.recipe,
        "version": offer.version,
        "params": offer.params,
        "processes": offer.processes,
        "wall_s": offer.limits.wall_s,
        "memory_bytes": offer.limits.memory_bytes,
        "lease_s": lease_s,
        "watch": watch,
    }
    write(folder, REQUEST, document)


def said_since(folder: Path, offset: int, *, most: int) -> tuple[str, int]:
    """What the log gained after byte `offset`, at most `most` bytes, and the next offset; NUL is not for a database."""
    try:
        with (folder / LOG).open("rb") as file:
            file.seek(offset)
            piece = file.read(most)
    except OSError:
        return "", offset
    return piece.decode("utf-8", "replace").replace("\0", "\ufffd"), offset + len(piece)


def said_last(folder: Path, *, most: int) -> str:
    """The end of the log, at most `most` bytes."""
    try:
        length = (folder / LOG).stat().st_size
    except OSError:
        return ""
    return said_since(folder, max(length - most, 0), most=most)[0]


def lack(folder: Path) -> str:
    """Why nothing can be written there; empty where it can."""
    trial = folder / ".trial"
    try:
        trial.write_bytes(bytes(TRIAL_BYTES))
        trial.unlink()
    except OSError as error:
        return str(error.strerror)
    return ""
