"""One job under way on this node: its lease, its log, its end.

A lease that cannot be renewed is given up in time: the job is stopped before the server may give it to another node.
"""

import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from jobs.agent import folder as files
from jobs.agent import keeper
from jobs.agent.executors import Running
from jobs.agent.offers import Offer
from jobs.agent.state import State
from jobs.agent.transport import Transport
from planner.client_errors import Refused, Unreachable
from solvers.documents import Document
from solvers.errors import Problem

LOG_STEP_S = 1.0
LOG_PIECE = 48 * 1024
# The server keeps 1 MiB of a job's log; what is said beyond is not sent.
LOG_MOST = 1024 * 1024
RETRY_S = 1.0
# The least and the most that one attempt to renew may take, so that a mute server leaves time for the next.
RENEW_TIMEOUT_S = 4.0
LAST_LINES = 1500
# How a server refuses what is said, not who says it.
UNTAKEN = frozenset({400, 413, 422})
UNTAKEABLE = Problem("not_taken", "The server did not take what was measured.", "", "Ask for fewer shapes or repeats.")
# Ends that whoever asked can do something about.
MENDABLE = frozenset({keeper.TIME, keeper.MEMORY, keeper.STOPPED})
# What the server takes of problems and their words.
MOST_CODE, MOST_WORDS, MOST_PROBLEMS = 60, 2000, 50


@dataclass
class Work:
    """A started job. `renewed` is when the request that renewed its lease last was sent (monotonic seconds).

    Of its log `logged` bytes have become `told` characters at the server.
    """

    offer: Offer
    running: Running
    folder: Path
    state: State
    transport: Transport
    say: Callable[[str], None]
    renewed: float
    next_renewal: float = field(init=False)
    next_log: float = 0.0
    logged: int = 0
    told: int = 0

    def __post_init__(self) -> None:
        self.next_renewal = self.renewed + self.state.renew_s

    def tick(self) -> bool:
        """Does what is due; True when the job is over, here at least."""
        now = time.monotonic()
        if now >= self.next_log:
            self.next_log = now + LOG_STEP_S
            self._tell_piece()
        reason = self.running.ended()
        if reason is not None:
            return self._end(reason)
        if now >= self.next_renewal:
            return self._renew(now)
        return False

    def release(self) -> None:
        """Stops the job and gives it back."""
        self.running.stop()
        self._finish({"outcome": "released", "measurement": None, "problems": []})
        self._clean()

    def _renew(self, now: float) -> bool:
        give_up = self.renewed + self.state.lease_s - keeper.PATIENCE_S
        progress = files.read(self.folder, files.PROGRESS)
        try:
            timeout_s = min(RENEW_TIMEOUT_S, max(give_up - now, RETRY_S))
            cancel = self._renewed(progress, timeout_s=timeout_s)
        except Unreachable:
            if time.monotonic() < give_up:
                self.next_renewal = time.monotonic() + RETRY_S
                return False
            return self._abandon("the server cannot be reached and the lease runs out")
        except Refused as error:
            return self._abandon(str(error))
        self.renewed, self.next_renewal = now, now + self.state.renew_s
        self.running.keep()
        if not cancel:
            return False
        self.running.stop()
        self._finish({"outcome": "cancelled", "measurement": None, "problems": []})
        self._clean()
        self.say(f"job {self.offer.job[:8]} cancelled")
        return True

    def _renewed(self, progress: Document | None, *, timeout_s: float) -> bool:
        """Whether to cancel. A lease is not lost over words of progress that the server does not take."""
        try:
            return self.transport.renew(self.offer.job, self.offer.fence, progress, timeout_s=timeout_s)
        except Refused as error:
            if progress is None or error.status not in UNTAKEN:
                raise
            return self.transport.renew(self.offer.job, self.offer.fence, None, timeout_s=timeout_s)

    def _abandon(self, why: str) -> bool:
        self.running.stop()
        self._clean()
        self.say(f"job {self.offer.job[:8]} stopped: {why}")
        return True

    def _end(self, reason: str) -> bool:
        if reason == keeper.UNLEASED:
            return self._abandon("the lease was not renewed in time")
        self._tell_log()
        body = self._outcome(reason)
        accepted = self._finish(body)
        self._clean()
        said = body["outcome"] if accepted else f"{body['outcome']}, which the server did not take"
        self.say(f"job {self.offer.job[:8]} {said}")
        return True

    def _outcome(self, reason: str) -> Document:
        found = files.read(self.folder, files.OUTCOME)
        if reason == keeper.EXITED and found and "measured" in found:
            return {"outcome": "measured", "measurement": found["measured"], "problems": []}
        if reason == keeper.EXITED and found:
            return {"outcome": "failed", "measurement": None, "problems": _problems(found["failed"])}
        if why := self._nobodys_fault(reason):
            self._note(why)
            return {"outcome": "released", "measurement": None, "problems": []}
        outcome = "failed" if reason in MENDABLE else "crashed"
        return {"outcome": outcome, "measurement": None, "problems": [self._lost(reason).document()]}

    def _nobodys_fault(self, reason: str) -> str:
        """Why another node may do what this one could not; empty where the job itself is at fault."""
        if reason == keeper.DISPLACED:
            return "the cluster took its machine away"
        lack = files.lack(self.folder)
        return f"nothing can be written in {self.folder}: {lack}" if lack else ""

    def _note(self, why: str) -> None:
        """Says here and at the end of the job's log why it is given back."""
        self.say(f"job {self.offer.job[:8]} is given back: {why}")
        with suppress(Refused, Unreachable):
            text = f"{self.state.name} gave this job back: {why}.\n"
            self.transport.log(self.offer.job, self.offer.fence, self.told, text, timeout_s=RENEW_TIMEOUT_S)

    def _lost(self, reason: str) -> Problem:
        if reason == keeper.STOPPED:
            message = f"The job was ended on {self.state.name}, by none of us: scancel, an administrator, a shutdown."
            return Problem(reason, message, "", "Ask again, if it should run.")
        if reason == keeper.TIME:
            message = f"The job took longer than {self.offer.limits.wall_s:g} seconds."
            return Problem(reason, message, "", "Ask for fewer shapes or repeats.")
        if reason == keeper.MEMORY:
            message = f"The job needed more than {self.offer.limits.memory_bytes / 2**30:.3g} GiB of the host's memory."
            return Problem(reason, message, "", "Ask for smaller shapes.")
        tail = files.said_last(self.folder, most=LAST_LINES)
        killed = (files.read(self.folder, files.ENDED) or {}).get("code") == -signal.SIGKILL
        how = "was killed: is this machine short of memory?" if killed else "ended without a word."
        return Problem("recipe_lost", f"The measuring process {how} {tail}".strip(), "", "See its log.")

    def _finish(self, body: Document) -> bool:
        """Tells the server, for as long as the lease lasts; False when it did not take it."""
        deadline = self.renewed + self.state.lease_s
        while True:
            try:
                self.transport.finish(self.offer.job, {"fence": self.offer.fence, **body})
            except Refused as error:
                if error.status not in UNTAKEN or body["outcome"] != "measured":
                    return False
                problems = [UNTAKEABLE, *error.problems]
                said = _problems([problem.document() for problem in problems])
                body = {"outcome": "failed", "measurement": None, "problems": said}
            except Unreachable:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(RETRY_S)
            else:
                return True

    def _tell_log(self) -> None:
        while self._tell_piece():
            pass

    def _tell_piece(self) -> bool:
        """Sends a piece of what the log gained: one, so that no flood holds up the lease. False at its end."""
        text, after = files.said_since(self.folder, self.logged, most=LOG_PIECE)
        if not text or self.told > LOG_MOST:
            return False
        try:
            self.transport.log(self.offer.job, self.offer.fence, self.told, text, timeout_s=RENEW_TIMEOUT_S)
        except (Refused, Unreachable):
            return False
        self.logged, self.told = after, self.told + len(text)
        return True

    def _clean(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _problems(said: list[Document]) -> list[Document]:
    """The recipe's problems, in so many words as the server takes."""
    most = {"code": MOST_CODE}
    cut = [{name: text[: most.get(name, MOST_WORDS)] for name, text in one.items()} for one in said]
    return cut[:MOST_PROBLEMS]
