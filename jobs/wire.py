"""Documents between a worker and the guard of its solver: one JSON line each, over a socket or a pipe."""

import json
import socket
from typing import Any

Message = dict[str, Any]
CHUNK = 64 * 1024


def packed(message: Message) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class Lines:
    """Puts lines together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[Message]:
        """The messages that `piece` completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [json.loads(line) for line in lines if line]


class Outlet:
    """Sends lines without ever waiting for the reader; while it lags, the newest are dropped, whole."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._rest = b""

    def offer(self, message: Message) -> None:
        """Sends the message, or drops it when an earlier one is still on its way."""
        self._rest = self._rest or packed(message)
        self.flush()

    def flush(self) -> None:
        """Sends on what is left of a line."""
        while self._rest:
            try:
                self._rest = self._rest[self._channel.send(self._rest, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                return

    def close_with(self, message: Message) -> None:
        """Sends the last message, and waits until it is gone."""
        self._channel.sendall(self._rest + packed(message))
