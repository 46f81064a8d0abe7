"""The node's side of the conversation: join, and the four verbs of its credential."""

import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx

from jobs.agent.errors import NodeError
from planner.client_errors import Refused, Unreachable
from solvers.documents import Document
from solvers.errors import Problem

BASE = "/api/v1"
JSON = {"Content-Type": "application/json"}
TIMEOUT_S = 15.0
# An agent that ends does not wait longer than this for a server to hear of it.
LEAVE_S = 5.0
# The longest that a lease call waits at the server.
WAIT_S = 20.0
BUSY = frozenset({429, 502, 503, 504})
ADDRESS = "Give the server's address alone, as it answers without being sent elsewhere: https://host[:port]."


@dataclass(frozen=True)
class Answer:
    """What a lease call brought: an offer, a fresh credential, and when to ask again."""

    offer: Document | None
    credential: str
    poll_after_s: float


class Transport:
    """A connection to one server; `ca` is a file of certificates to trust instead of the system's.

    `clock_off_s`: how far this machine's clock is ahead of the server's, as its latest answer says to within seconds.
    """

    def __init__(self, url: str, credential: str = "", *, ca: str = "") -> None:
        headers = {"User-Agent": "isoflop-node"} | ({"Authorization": f"Bearer {credential}"} if credential else {})
        try:
            self._http = httpx.Client(
                base_url=f"{url.rstrip('/')}{BASE}/", headers=headers, timeout=TIMEOUT_S, verify=_trusted(ca)
            )
        except httpx.InvalidURL as error:
            problem = Problem("bad_address", f"'{url}' cannot be spoken to: {error}.", "", ADDRESS)
            raise NodeError(problem) from None
        self.url = url
        self.clock_off_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def renamed(self, credential: str) -> None:
        """Speaks with another credential from now on."""
        self._http.headers["Authorization"] = f"Bearer {credential}"

    def join(self, body: Document) -> Document:
        """Redeems a join token: the node, its credential and the server's key."""
        return self._send("nodes/join", body, says=("node", "credential", "public_key", "renew_s", "lease_s"))

    def lease(self, node: str, *, wait_s: float, capability: Document | None, agent_version: str) -> Answer:
        """Asks for a job; waits at the server for up to `wait_s` seconds."""
        body = {"wait_s": wait_s, "capability": capability, "agent_version": agent_version}
        says = ("offer", "credential", "poll_after_s")
        found = self._send(f"nodes/{node}/lease", body, says=says, timeout_s=wait_s + TIMEOUT_S)
        return Answer(found["offer"], found["credential"] or "", float(found["poll_after_s"]))

    def leave(self, node: str) -> None:
        """Says that this node asks for no more, and does not wait for what it asked for last."""
        body = {"leaving": True, "agent_version": ""}
        self._send(f"nodes/{node}/lease", body, says=("offer",), timeout_s=LEAVE_S)

    def renew(self, job: str, fence: int, progress: Document | None, *, timeout_s: float) -> bool:
        """Prolongs the lease; whether somebody asked to cancel. Refused with 409 where the lease is another's."""
        body = {"fence": fence, "progress": progress}
        found = self._send(f"jobs/{job}/renew", body, says=("cancel",), timeout_s=timeout_s)
        return bool(found["cancel"])

    def log(self, job: str, fence: int, offset: int, text: str, *, timeout_s: float) -> None:
        """Adds to the job's log at `offset`."""
        body = {"fence": fence, "offset": offset, "text": text}
        self._send(f"jobs/{job}/log", body, says=("length",), timeout_s=timeout_s)

    def finish(self, job: str, body: Document) -> None:
        """Ends the job with its outcome."""
        self._send(f"jobs/{job}/finish", body, says=("state",))

    def _send(self, path: str, body: Document, *, says: tuple[str, ...], timeout_s: float = TIMEOUT_S) -> Document:
        """The server's answer, which `says` these words at least: a web page with status 200 is none."""
        try:
            # Whatever a recipe said, NaN and half a surrogate pair too: the server refuses what it does not take.
            response = self._http.post(path, content=json.dumps(body).encode(), headers=JSON, timeout=timeout_s)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            message = f"'{self.url}' is not a server's address: {error}."
            raise NodeError(Problem("bad_address", message, "", ADDRESS)) from None
        except httpx.TransportError as error:
            message = f"No answer from {self.url}: {str(error) or type(error).__name__}."
            hint = "Can this node reach the server? A proxy is read from HTTPS_PROXY; --ca names certificates to trust."
            raise Unreachable(Problem("unreachable", message, "", hint)) from None
        self._compare_clocks(response)
        if response.status_code >= httpx.codes.BAD_REQUEST:
            raise _refusal(response)
        found = _read(response)
        if any(word not in found for word in says):
            raise Unreachable(Problem("not_isoflop", f"What answers at {self.url} is not Isoflop.", "", ADDRESS))
        return found

    def _compare_clocks(self, response: httpx.Response) -> None:
        try:
            there = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        self.clock_off_s = time.time() - there


def _trusted(ca: str) -> Any:
    if not ca:
        return True
    import ssl  # noqa: PLC0415 -- only where a file is named

    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        hint = "--ca wants a file of certificates in PEM; join again with the one that signed the server's."
        raise NodeError(Problem("bad_ca", f"{ca} holds no certificates: {error}.", "", hint)) from None


def _read(response: httpx.Response) -> Document:
    """The answer's object; nothing where the answer is something else, or sends us elsewhere."""
    try:
        found = response.json() if response.is_success else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(response: httpx.Response) -> Refused | Unreachable:
    """What a refusal means: in words that are not our server's, something before it speaks, and it is asked again."""
    try:
        said = response.json()["problems"]
        problems = [Problem(p["code"], p["message"], p.get("at", ""), p.get("hint", "")) for p in said]
    except (ValueError, KeyError, TypeError):
        message = f"The server answered {response.status_code} {response.reason_phrase}."
        if response.status_code != httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return Unreachable(Problem("http", message, "", ADDRESS))
        problems = [Problem("http", message, "", "What stands before the server takes no request of this size.")]
    if response.status_code in BUSY or response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Unreachable(*problems)
    return Refused(response.status_code, *problems)
