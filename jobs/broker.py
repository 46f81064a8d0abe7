"""Celery's `filesystem://` broker, made safe for writers and readers that meet.

kombu's own creates a message's file before it writes it, so that a reader can take an empty one; and a folder that
is gone ends the worker. Here a message appears whole, and a missing folder is an empty one.
"""

import contextlib
import json
import os
import time
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem

SCHEME = "filesystem"
# kombu moves a message aside first and reads it then.
READ_BY_NOW_S = 30.0
FOLDERS = ("messages", "processed", "control")


class Channel(filesystem.Channel):
    """kombu's, but for these two."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # as the parent names it
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}-{uuid4().hex}.{queue}.msg"
        part = folder / f".{name}.part"
        try:
            part.write_text(json.dumps(payload), "utf-8")
            part.rename(folder / name)
        except OSError as error:
            raise ChannelError(f"the broker's folder does not take messages: {error.strerror}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 -- kombu's interface
        try:
            return super()._get(queue)  # type: ignore[no-untyped-call]  # kombu has no types
        except (OSError, ValueError, ChannelError):
            raise Empty from None


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Makes `filesystem://` mean the transport above."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


def prepare(home: Path) -> dict[str, Any]:
    """The broker's private folders below `home`, made where they are missing; as kombu's options."""
    for name in FOLDERS:
        folder = home / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    messages, processed, control = (str(home / name) for name in FOLDERS)
    return {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "processed_folder": processed,
        "store_processed": True,
        "control_folder": control,
    }


def empty_processed(home: Path) -> int:
    """Deletes the messages that were read a while ago; returns how many."""
    count = 0
    before = time.time() - READ_BY_NOW_S
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(home / "processed"):
            with contextlib.suppress(FileNotFoundError):
                if entry.stat().st_ctime < before:
                    Path(entry.path).unlink()
                    count += 1
    return count
