"""The agent's life: ask for a job, prove it, run it, answer; again until told to stop."""

import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import FrameType

from jobs.agent import executors, offers
from jobs.agent import folder as files
from jobs.agent import state as states
from jobs.agent.capability import agent_version, capability
from jobs.agent.errors import NO_TORCH, NodeError, Untrusted
from jobs.agent.executors import Executor, Running
from jobs.agent.offers import Offer
from jobs.agent.state import State
from jobs.agent.transport import TIMEOUT_S, WAIT_S, Answer, Transport
from jobs.agent.work import Work
from planner.client_errors import Refused, Unreachable
from solvers.documents import Document
from solvers.errors import Problem

Say = Callable[[str], None]
TICK_S = 0.25
# With jobs under way the server is asked for another this often.
ASK_STEP_S = 2.0
# How long an answer may still be on its way when the agent is told to end.
LATE_S = 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0
# A node that cannot start a job leaves the next one to others for so long.
UNFIT_PAUSE_S = 60.0
UNAUTHORISED = 401


class Stopped(Exception):
    """Somebody asked the agent to end."""


@dataclass
class Bell:
    """Whether somebody asked the agent to end: heard at once while it waits, else when it next looks.

    So no job is lost between the server's offer and its own start.
    """

    rung: bool = False
    waiting: bool = False

    def ring(self, _number: int, _frame: FrameType | None) -> None:
        """The signals' handler."""
        self.rung = True
        if self.waiting:
            raise Stopped

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Stopped interrupts what is done inside."""
        self.waiting = True
        try:
            if self.rung:
                raise Stopped
            yield
        finally:
            self.waiting = False


@dataclass
class Agent:
    """A joined node at work. `most` jobs end it, if that is given.

    `known` is what this machine is, `news` what of it the server is to be told. `clock_off_s` is 0 unless the clock is
    so wrong that jobs signed now would be refused; the server is told, and gives them to others.
    """

    path: Path
    state: State
    executor: Executor
    transport: Transport
    say: Say
    bell: Bell
    most: int | None = None
    done: int = 0
    active: list[Work] = field(default_factory=list)
    known: Document = field(default_factory=dict)
    news: Document | None = None
    clock_off_s: int = 0
    next_ask: float = 0.0
    pause_s: float = FIRST_PAUSE_S

    def run(self) -> None:
        """Until `most` jobs are done, or Stopped is raised: then what runs is stopped and given back.

        The server is told, so that it promises nothing more to a node that is gone.
        """
        try:
            while self.most is None or self.done < self.most:
                self._round()
        finally:
            for work in self.active:
                self.say(f"job {work.offer.job[:8]} is given back")
                work.release()
            with suppress(Refused, Unreachable):
                self.transport.leave(self.state.node)

    def _round(self) -> None:
        for work in list(self.active):
            if work.tick():
                self.active.remove(work)
                self.done += 1
        enough = self.most is not None and self.done + len(self.active) >= self.most
        if len(self.active) >= self.executor.slots or enough or time.monotonic() < self.next_ask:
            with self.bell.heard():
                time.sleep(TICK_S)
            return
        self._ask()

    def _ask(self) -> None:
        asked = time.monotonic()
        try:
            answer = self._lease()
        except (Refused, Unreachable) as error:
            self.say(f"{error} Trying again in {self.pause_s:g} s.")
            self.next_ask = time.monotonic() + self.pause_s
            self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S)
            return
        self.pause_s, self.news = FIRST_PAUSE_S, None
        self._look_at_clock()
        if answer.credential:
            self._rename(answer.credential)
        self.next_ask = time.monotonic() + (ASK_STEP_S if self.active else answer.poll_after_s)
        if answer.offer is not None:
            self._start(answer.offer, asked)

    def _rename(self, credential: str) -> None:
        """Takes the new credential, if it can be kept; the old one opens until a new one is used."""
        try:
            self.state = states.with_credential(self.path, self.state, credential)
        except NodeError as error:
            self.say(f"The new credential is left: {error}")
        else:
            self.transport.renamed(credential)

    def _look_at_clock(self) -> None:
        off_s = self.transport.clock_off_s
        wrong_s = round(off_s) if abs(off_s) > offers.SKEW_S else 0
        if bool(wrong_s) != bool(self.clock_off_s) or abs(wrong_s - self.clock_off_s) > offers.SKEW_S:
            self.say(_clock(wrong_s))
            self.clock_off_s, self.news = wrong_s, {**self.known, "clock_off_s": wrong_s}

    def _lease(self) -> Answer:
        wait_s = 0.0 if self.active else WAIT_S
        try:
            return self._answer(wait_s)
        except Refused as error:
            if error.status != UNAUTHORISED:
                raise
            hint = "The node was removed, or its credential has ended. Join again with a new token."
            problems = error.problems or (Problem("refused", "The server refuses this node.", "", hint),)
            raise NodeError(*(Problem(one.code, one.message, one.at, one.hint or hint) for one in problems)) from None

    def _answer(self, wait_s: float) -> Answer:
        """The server's answer, waited for beside the call: a signal must not cut off an offer that is on its way."""
        answer: Future[Answer] = Future()

        def ask() -> None:
            try:
                answer.set_result(
                    self.transport.lease(
                        self.state.node, wait_s=wait_s, capability=self.news, agent_version=agent_version()
                    )
                )
            except Exception as error:  # noqa: BLE001 -- raised where the answer is waited for, if it still is
                answer.set_exception(error)

        Thread(target=ask, name="lease", daemon=True).start()
        try:
            with self.bell.heard():
                return answer.result()
        except Stopped:
            self._return_late(answer)
            raise

    def _return_late(self, answer: "Future[Answer]") -> None:
        """Gives an offer back that comes after the agent was told to end."""
        try:
            late = answer.result(timeout=LATE_S).offer
        except Exception:  # noqa: BLE001 -- no answer, whatever the reason: nothing to give back
            return
        if late is not None:
            job, fence = offers.named(late)
            self._tell(job, {"fence": fence, "outcome": "released", "problems": []})

    def _start(self, offer: Document, leased: float) -> None:
        if self.clock_off_s:
            self._return(*offers.named(offer), f"{self.state.name}: {_clock(self.clock_off_s)}")
            return
        try:
            found = offers.verified(offer, public_key=self.state.public_key, node=self.state.node, now=time.time())
        except Untrusted as error:
            if error.problems[0].code == offers.EXPIRED:
                self._leave_to_others(*offers.named(offer), f"{self.state.name}: {error}")
            else:
                self._refuse(offer, error)
            return
        try:
            folder, running = self._started(found)
        except NodeError as error:
            problems = [problem.document() for problem in error.problems]
            self._tell(found.job, {"fence": found.fence, "outcome": "failed", "problems": problems})
            return
        except OSError as error:
            self._leave_to_others(found.job, found.fence, f"{self.state.name} could not start this job: {error}.")
            return
        self.say(f"job {found.job[:8]}: {found.recipe}")
        self.active.append(
            Work(
                offer=found,
                running=running,
                folder=folder,
                state=self.state,
                transport=self.transport,
                say=self.say,
                renewed=leased,
            )
        )

    def _started(self, found: Offer) -> tuple[Path, Running]:
        """The job's folder and the job. NodeError: it cannot run here; OSError: nothing can, now."""
        root = self.executor.root(self.path)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="isoflop-job-", dir=root))
        try:
            files.request(folder, found, lease_s=self.state.lease_s, watch=self.executor.watch)
            return folder, self.executor.start(folder)
        except (NodeError, OSError):
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _leave_to_others(self, job: str, fence: int, why: str) -> None:
        self.say(f"{why} Asking again in {UNFIT_PAUSE_S:g} s.")
        self.next_ask = time.monotonic() + UNFIT_PAUSE_S
        self._return(job, fence, why)

    def _return(self, job: str, fence: int, why: str) -> None:
        """Leaves the job to another node, and says in the job's log why."""
        with suppress(Refused, Unreachable):
            self.transport.log(job, fence, 0, f"{why}\n", timeout_s=TIMEOUT_S)
        self._tell(job, {"fence": fence, "outcome": "released", "problems": []})

    def _refuse(self, offer: Document, error: Untrusted) -> None:
        job, fence = offers.named(offer)
        self.say(f"an offer was refused: {error}")
        problems = [problem.document() for problem in error.problems]
        self._tell(job, {"fence": fence, "outcome": "refused", "problems": problems})

    def _tell(self, job: str, end: Document) -> None:
        try:
            self.transport.finish(job, {"measurement": None, **end})
        except (Refused, Unreachable) as refused:
            self.say(f"the server was not told: {refused}")


def _clock(off_s: int) -> str:
    """How the clock stands, `off_s` seconds ahead of the server's."""
    if not off_s:
        return "The clock agrees with the server's again."
    which = "ahead of" if off_s > 0 else "behind"
    return f"The clock is {abs(off_s):,} s {which} the server's: no job runs here until it is set (timedatectl)."


def run(path: Path, *, say: Say, most: int | None = None) -> None:
    """Runs the agent that joined with the state file `path`, until Ctrl-C, SIGTERM or `most` jobs."""
    with states.alone(path):
        _run(path, say, most)


def _run(path: Path, say: Say, most: int | None) -> None:
    state = states.load(path)
    executor = executors.of(state.executor)
    bell = Bell()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, bell.ring)
    with Transport(state.url, state.credential, ca=state.ca) as transport:
        news = capability(state.executor)
        if not news["torch"]:
            say(f"{NO_TORCH.message} {NO_TORCH.hint}")
        agent = Agent(path, state, executor, transport, say, bell, most=most, known=news, news=news)
        say(f"{state.name} asks {state.url} for jobs. Ctrl-C stops it.")
        try:
            agent.run()
        except Stopped:
            say("Stopped.")
