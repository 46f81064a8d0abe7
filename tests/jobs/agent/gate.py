"""What stands before a server: hands requests on, or answers some verbs itself, as a proxy or a dying server does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Page = tuple[int, str]
Answer = tuple[int, str, dict[str, str]]
PATIENCE_S = 60.0
PASSED_ON = ("Authorization", "Content-Type")


class Gate:
    """`shut` says which verbs ("*": all) are answered with which page; a status of 0 breaks the connection."""

    def __init__(self, server: str) -> None:
        self.server, self.url = server, ""
        self.shut: dict[str, Page] = {}
        self.seen: list[tuple[str, int]] = []
        self.refused: list[str] = []


@contextmanager
def opened(gate: Gate) -> Iterator[Gate]:
    """The gate at its `url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            verb = self.path.rsplit("/", 1)[-1]
            page = gate.shut.get(verb) or gate.shut.get("*")
            if page:
                gate.refused.append(verb)
            status, content, headers = (*page, {}) if page else self._passed_on(body)
            gate.seen.append((verb, status))
            if not status:
                return
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content.encode())))
            self.end_headers()
            self.wfile.write(content.encode())

        def _passed_on(self, body: bytes) -> Answer:
            headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
            found = httpx.post(f"{gate.server}{self.path}", content=body, headers=headers, timeout=PATIENCE_S)
            return found.status_code, found.text, {"Date": found.headers["Date"]}

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gate.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
