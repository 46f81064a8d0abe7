"""`isoflop up`: Postgres, web, worker and sweeper under one roof, until Ctrl-C.

What can start beside something else does. A service that crashes is started again after a pause that grows. At the
end all are asked to stop and waited for, Postgres last, so that no process is left; where we are killed ourselves,
the kernel asks them (Linux).
"""

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from planner.local import children, cluster, postgres, prepare, services, state
from planner.local import home as homes
from planner.local import setup as setups
from planner.local.children import Child
from planner.local.cluster import Cluster
from planner.local.errors import LocalError, fail
from planner.local.services import Service
from planner.local.setup import Setup

WATCH_S = 0.2
READY_LIMIT_S = 90.0
Say = Callable[[str], None]


class Interrupted(Exception):
    """We were asked to stop while something was still starting."""


@dataclass
class House:
    """Everything that runs, and the wish to stop it."""

    setup: Setup
    say: Say
    environment: Mapping[str, str]
    cluster: Cluster | None
    server: postgres.Server | None = None
    steps: list[Child] = field(default_factory=list)
    running: dict[str, Child] = field(default_factory=dict)
    stopping: Event = field(default_factory=Event)

    def wait(self, seconds: float) -> None:
        """Sleep, unless we are to stop."""
        if self.stopping.wait(seconds):
            raise Interrupted

    def step(self, service: Service) -> Child:
        """Start something that ends by itself."""
        self.steps.append(children.start(self.setup.home, service, self.environment))
        return self.steps[-1]

    def keep(self, service: Service) -> None:
        """Start something that is to stay."""
        self.running[service.name] = children.start(self.setup.home, service, self.environment)


def up(setup: Setup, say: Say) -> None:
    """Run the server until somebody stops it."""
    with _alone(setup):
        setups.check_port(setup)
        house = _house(setup, say)
        try:
            _start(house)
            _watch(house)
        except Interrupted:
            pass
        finally:
            _stop(house)


def init(setup: Setup, say: Say) -> None:
    """Make the database and the static files, and end."""
    with _alone(setup):
        house = _house(setup, say)
        try:
            demo = _prepare(house)
            if demo:
                _finish_demo(house, demo)
        finally:
            _stop(house)


def sign_in(setup: Setup) -> str:
    """How to sign in, in words."""
    return f"Sign in as {setups.DEMO_USER} with the password {setup.demo_password}"


def _house(setup: Setup, say: Say) -> House:
    state.end_leftovers(setup.home)
    homes.folder(setup.home, "broker")
    theirs = setups.database_url()
    own = None if theirs else cluster.locate(setup.home)
    house = House(setup, say, setups.variables(setup, database_url=own.url if own else theirs), own)
    _listen(house.stopping)
    _save(house)
    return house


@contextmanager
def _alone(setup: Setup) -> Iterator[None]:
    """One `isoflop up` for each home. Those who only ask whether one runs hold the lock for a moment."""
    homes.make(setup.home)
    with homes.lock(setup.home, state.LOCK, patience_s=0.5) as free:
        if not free:
            _refuse(setup.home)
        yield


def _refuse(home: Path) -> None:
    running = state.load(home)
    where = f" at {running.url} (process {running.pid})" if running else ""
    fail("already_up", f"Isoflop already runs{where} from {home}.", hint="Stop it with `isoflop down`, or use it.")


def _listen(stopping: Event) -> None:
    """Ctrl-C, `kill` and a closed terminal all mean: stop in order. After `nohup` a closed terminal means nothing."""
    for request in (signal.SIGINT, signal.SIGTERM):
        signal.signal(request, lambda *_: stopping.set())
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: stopping.set())


def _start(house: House) -> None:
    demo = _prepare(house)
    for service in (services.web(house.setup), services.worker(), services.sweeper()):
        house.keep(service)
    _save(house)
    _wait_for_web(house)
    if demo:
        _finish_demo(house, demo)
    _greet(house, first=demo is not None)


def _prepare(house: House) -> Child | None:
    """Everything up to the point where services can start; returns what is still being done at a first start."""
    if house.cluster:
        house.server = postgres.start(house.cluster)
    home = house.setup.home
    static = prepare.static_files(home, house.step)
    if static:
        house.say("Preparing the database and the pages …")
    prepare.database(home, house.cluster, house.step, house.wait)
    demo = None if (home / "demo-made").exists() else house.step(Service("demo", services.django("demo")))
    if static:
        prepare.finish(static, house.wait)
        prepare.static_files_done(home)
    return demo


def _finish_demo(house: House, demo: Child) -> None:
    prepare.finish(demo, house.wait)
    homes.write(house.setup.home / "demo-made", "")


def _wait_for_web(house: House) -> None:
    limit = time.monotonic() + READY_LIMIT_S
    while not _answers(house.setup.url):
        web = house.running["web"]
        if web.process.poll() is not None or time.monotonic() > limit:
            fail("web_failed", f"The web server did not start: {web.said(lines=3)}", hint=f"See {web.log}.")
        house.wait(0.03)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5):  # noqa: S310 -- our own address
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _greet(house: House, *, first: bool) -> None:
    house.say(f"Isoflop is at {house.setup.url}")
    house.say(sign_in(house.setup))
    if first:
        house.say("The demo project's example plans are being solved now.")
    hosts = house.environment["ISOFLOP_ALLOWED_HOSTS"]
    if house.setup.host in setups.EVERYWHERE and "ISOFLOP_ALLOWED_HOSTS" not in os.environ:
        house.say(f"Only requests for {hosts} are answered: name this machine in ISOFLOP_ALLOWED_HOSTS.")
    house.say(f"Logs are in {house.setup.home / 'log'}. Ctrl-C stops everything.")


def _watch(house: House) -> None:
    """Start again whatever stops."""
    due: dict[str, float] = {}
    while True:
        house.wait(WATCH_S)
        _watch_postgres(house)
        for name, child in house.running.items():
            if child.process.poll() is None:
                continue
            if name not in due:
                due[name] = time.monotonic() + child.pause_s
                house.say(f"{name} stopped; starting it again in {child.pause_s:.0f} s. See {child.log}.")
            elif time.monotonic() > due[name]:
                del due[name]
                house.running[name] = children.again(house.setup.home, child, house.environment)
                _save(house)


def _watch_postgres(house: House) -> None:
    if house.cluster is None or postgres.is_ready(house.cluster):
        return
    house.say(f"Postgres stopped; starting it again. See {house.cluster.log}.")
    try:
        house.server = postgres.start(house.cluster)
    except LocalError as error:
        house.say(str(error))
        house.wait(children.LONGEST_PAUSE_S)


def _save(house: House) -> None:
    kept = {
        name: state.Process(child.process.pid, " ".join(child.service.command)) for name, child in house.running.items()
    }
    state.save(house.setup.home, state.State(os.getpid(), house.setup.url, kept))


def _stop(house: House) -> None:
    """Those who use the database first, the database last."""
    children.stop([*house.running.values(), *house.steps])
    if house.cluster:
        postgres.stop_cluster(house.cluster, house.server.process if house.server else None)
    state.clear(house.setup.home)
