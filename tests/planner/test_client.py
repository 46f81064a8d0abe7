"""The client where a server closes a connection that it had kept."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from planner.client import Client

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"of": 1}'
# No waiting for what is unsent: closing resets the connection.
RESET = struct.pack("ii", 1, 0)


@contextmanager
def forgetful(*, resets: bool) -> Iterator[str]:
    """A server that answers one request a connection, and closes when a second one has come."""

    def serve() -> None:
        for _ in range(2):
            connection, _ = listening.accept()
            connection.recv(65536)
            connection.sendall(ANSWER)
            connection.recv(65536)
            if resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5.0)


@pytest.mark.parametrize("resets", [True, False])
def test_a_read_on_a_connection_that_was_just_closed_is_made_again(resets: bool) -> None:
    with forgetful(resets=resets) as url, Client(url) as client:
        assert client.get("validations/1") == {"of": 1}
        assert client.get("validations/1") == {"of": 1}
