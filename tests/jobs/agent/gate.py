"""What stands before a server: hands requests on, or answers some verbs itself, as a proxy or a dying server does."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.jobs.agent.listening import Posts, listening

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

    class Handler(Posts):
        def posted(self, body: bytes) -> None:
            page = gate.shut.get(self.verb) or gate.shut.get("*")
            if page:
                gate.refused.append(self.verb)
            status, content, headers = (*page, {}) if page else self._passed_on(body)
            gate.seen.append((self.verb, status))
            if status:
                self.answer(status, content, headers)

        def _passed_on(self, body: bytes) -> Answer:
            headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
            found = httpx.post(f"{gate.server}{self.path}", content=body, headers=headers, timeout=PATIENCE_S)
            return found.status_code, found.text, {"Date": found.headers["Date"]}

    with listening(Handler) as gate.url:
        yield gate
