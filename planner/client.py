"""A client of the REST interface: what the command line and a user's own scripts speak to a server with."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from planner.client_errors import Refused, Unreachable
from solvers.documents import Document
from solvers.errors import Problem

BASE = "/api/v1"
FINAL = frozenset({"solved", "infeasible", "failed", "crashed", "cancelled"})
TIMEOUT_S = 60.0
LONG_POLL_S = 20
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 5.0
BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Submission:
    """A run that the server accepted, or had already solved."""

    run: Document
    cached: bool


class Client:
    """A connection to one server. Use it as a context manager."""

    def __init__(self, url: str, token: str = "", *, patience_s: float = 30.0) -> None:
        headers = {"User-Agent": "isoflop-cli"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.url = url.rstrip("/")
        self.patience_s = patience_s
        self._http = httpx.Client(base_url=f"{self.url}{BASE}/", headers=headers, timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON at `path`."""
        return self._send("GET", path, params=params or {}).json()

    def post(self, path: str, body: Document | None = None) -> Any:
        """The JSON that answers a POST; None when the answer has no body."""
        response = self._send("POST", path, json=body or {})
        return response.json() if response.content else None

    def delete(self, path: str) -> None:
        """Removes what is at `path`."""
        self._send("DELETE", path)

    def submit(self, spec: Document, *, project: str = "", fresh: bool = False) -> Submission:
        """Asks for a plan. The same call repeated after a broken connection makes no second run."""
        body = {"spec": spec, "fresh": fresh} | ({"project": project} if project else {})
        headers = {"Idempotency-Key": str(uuid4()), "X-Isoflop-Source": "cli"}
        response = self._send("POST", "runs", json=body, headers=headers)
        return Submission(run=response.json(), cached=response.headers.get("X-Isoflop-Cache") == "hit")

    def follow(self, run_id: str, *, deadline: float | None = None) -> Iterator[Document]:
        """The run each time it has changed, until it has ended. Outages shorter than the patience are waited out.

        `deadline` is a time of `time.monotonic`; TimeoutError when the run has not ended by then.
        """
        etag, last_heard = "", time.monotonic()
        while True:
            left = LONG_POLL_S if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                response = self._poll(run_id, etag, wait=min(left, LONG_POLL_S))
            except Unreachable:
                if time.monotonic() - last_heard > self.patience_s:
                    raise
                time.sleep(FIRST_DELAY_S)
                continue
            last_heard = time.monotonic()
            if response.status_code == httpx.codes.NOT_MODIFIED:
                continue
            etag = response.headers.get("ETag", "")
            run = response.json()
            yield run
            if run["state"] in FINAL:
                return

    def result(self, run_id: str) -> Document:
        """The result document of a run that was solved or found infeasible."""
        document: Document = self.get(f"runs/{run_id}/result")
        return document

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Document]:
        """Every entry of a list, page after page."""
        cursor = ""
        while True:
            page = self.get(path, {**params, "cursor": cursor} if cursor else params)
            yield from page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return

    def _poll(self, run_id: str, etag: str, *, wait: float) -> httpx.Response:
        headers = {"If-None-Match": etag} if etag else {}
        return self._send("GET", f"runs/{run_id}", params={"wait": round(wait, 2) if etag else 0}, headers=headers)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; a server that is busy and says for how long is asked again within the patience."""
        deadline, delay = time.monotonic() + self.patience_s, FIRST_DELAY_S
        while True:
            response = self._once(method, path, **options)
            pause = _retry_after(response, delay)
            if response.status_code not in BUSY or time.monotonic() + pause > deadline:
                return _checked(response)
            time.sleep(pause)
            delay = min(2 * delay, LONGEST_DELAY_S)

    def _asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer; a read that met a connection which the server was closing is made again on a new one."""
        try:
            return self._http.request(method, path, **options)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            if method != "GET":
                raise
            return self._http.request(method, path, **options)

    def _once(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._asked(method, path, **options)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            message = f"'{self.url}' is not a server's address: {str(error).rstrip('.')}."
            hint = "Set ISOFLOP_URL to the address of its pages, such as https://plans.example.com."
            raise Unreachable(Problem("bad_url", message, "", hint)) from None
        except httpx.TransportError as error:
            message = f"No answer from {self.url}: {str(error) or type(error).__name__}."
            hint = "Start a server with `isoflop up`, set ISOFLOP_URL, or solve in this process with --offline."
            raise Unreachable(Problem("unreachable", message, "", hint)) from None


def _retry_after(response: httpx.Response, default: float) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else default


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code < httpx.codes.BAD_REQUEST:
        return response
    problems = _problems(response)
    if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or response.status_code in BUSY:
        raise Unreachable(*problems)
    raise Refused(response.status_code, *problems)


def _problems(response: httpx.Response) -> list[Problem]:
    """What the server said is wrong; a server that is not ours says it in its own words."""
    status = f"{response.status_code} {response.reason_phrase}"
    try:
        document = response.json()
        problems = [Problem(p["code"], p["message"], p.get("at", ""), p.get("hint", "")) for p in document["problems"]]
    except (ValueError, KeyError, TypeError):
        return [Problem("http", f"{response.request.url.host} answered {status} to {response.request.url.path}.")]
    return problems or [Problem("http", f"{document.get('detail') or status}")]
