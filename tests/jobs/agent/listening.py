"""An HTTP server of a few lines in a thread of its own, for what agents speak to in tests."""

import ssl
import threading
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Posts(BaseHTTPRequestHandler):
    """What is posted, and how it is answered."""

    def do_POST(self) -> None:
        self.posted(self.rfile.read(int(self.headers["Content-Length"])))

    @abstractmethod
    def posted(self, body: bytes) -> None:
        """Answers what was posted."""

    @property
    def verb(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    def answer(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def listening(handler: type[Posts], *, certificate: Path | None = None) -> Iterator[str]:
    """The server's address; over TLS with the key and certificate in one file."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
