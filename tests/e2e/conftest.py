"""A real server, real workers and a real browser, on a database of their own.

A test makes what it needs through the services, in that database, and sees it in the page. Nothing rolls back: each
test uses users and projects of its own.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from pytest_django import DjangoDbBlocker

from planner.models import Project
from planner.services import projects

# Playwright's synchronous calls keep an event loop in this thread; Django would refuse the database beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
AXE = (HERE / "vendor" / "axe" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
DESK, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
PASSWORD = "a long enough password 7"
# Made once: to hash a password is slow by design.
HASHED = make_password(PASSWORD)
START_LIMIT_S = 60
PAGE_LIMIT_MS = 15_000


@dataclass(frozen=True)
class Site:
    """The running server."""

    url: str
    environment: dict[str, str]


@dataclass
class Watch:
    """What the browser said and asked for while a test ran."""

    origin: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, part: str) -> None:
        """A complaint that holds `part` belongs to the test."""
        self.expected.append(part)

    def request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.foreign.append(request.url)

    def console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def unexpected(self) -> list[str]:
        """What nobody expected: requests that left the site, errors, violations of the policy."""
        return self.foreign + [said for said in self.complaints if not any(part in said for part in self.expected)]


@pytest.fixture(scope="session")
def database(django_db_modify_db_settings: None) -> Iterator[str]:
    """An empty database beside that of the other tests; its name."""
    name = f"e2e_{uuid4().hex[:8]}"
    with psycopg.connect(os.environ["ISOFLOP_DATABASE_URL"], autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield name
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def site(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The web server, as `isoflop up` starts it."""
    environment = _environment(database, tmp_path_factory.mktemp("site"))
    for command in (["migrate"], ["collectstatic", "--noinput"]):
        django = [sys.executable, "-m", "django", *command, "--verbosity", "0"]
        subprocess.run(django, check=True, env=environment, cwd=ROOT)
    port = _free_port()
    bind = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8", "--log-level", "warning"]
    with _running([sys.executable, "-m", "gunicorn", "planner.wsgi", *bind, "--no-control-socket"], environment):
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        yield Site(url, environment)


@pytest.fixture(scope="module")
def solving(site: Site) -> Iterator[Site]:
    """The site with a worker and a sweeper, so that runs are solved.

    They end with the module: elsewhere a run waits until its test takes it up.
    """
    worker = (
        "-m celery --app jobs.celery worker --pool threads --concurrency 2 --queues solve,short --loglevel WARNING"
        " --without-gossip --without-mingle --without-heartbeat"
    )
    sweep = [sys.executable, "-m", "django", "sweep"]
    with _running([sys.executable, *worker.split()], site.environment), _running(sweep, site.environment):
        yield site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, from the system or from Playwright; without one the test is skipped, saying so."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        found = next((path for name in BROWSERS if (path := shutil.which(name))), str(own) if own.exists() else None)
        if found is None:
            pytest.skip("no Chromium on this machine: install one, or run `playwright install chromium`")
        launched = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def rows(site: Site, database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The site's database in place of the usual one, without a transaction: the server sees what the test writes."""
    usual = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        _use(database)
        yield
        _use(usual)


@pytest.fixture
def watch(site: Site) -> Watch:
    """What the browser complains of."""
    return Watch(site.url)


@pytest.fixture
def context(browser: Browser, site: Site, watch: Watch) -> Iterator[BrowserContext]:
    """A fresh browser profile. At the end nothing may have left the site and nothing may have been complained of."""
    made = browser.new_context(base_url=site.url, viewport=DESK, reduced_motion="reduce", color_scheme="light")
    made.set_default_timeout(PAGE_LIMIT_MS)
    made.on("request", watch.request)
    made.on("console", watch.console)
    made.on("weberror", lambda error: watch.complaints.append(f"uncaught: {error.error}"))
    yield made
    made.close()
    assert watch.unexpected() == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page at 1440 px."""
    return context.new_page()


@pytest.fixture
def person(rows: None) -> "Person":
    """Someone with an account and a project of their own, as its owner."""
    return make_person()


@pytest.fixture
def signed_in(page: Page, person: "Person", site: Site) -> Page:
    """The page of that person, with a session; at the person's project."""
    enter(page.context, person, site)
    page.goto(person.home)
    return page


@dataclass(frozen=True)
class Person:
    """A user and a project."""

    name: str
    user: User
    project: Project

    @property
    def home(self) -> str:
        """The address of the project."""
        return f"/p/{self.project.slug}/"


def make_person(prefix: str = "ada") -> Person:
    """A new user with a new project."""
    name = f"{prefix}-{uuid4().hex[:8]}"
    user = User.objects.create(username=name, password=HASHED)
    return Person(name, user, projects.create(user, f"Project of {name}"))


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Through the form, as people do."""
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label(f"Account of {name}").wait_for()


def enter(context: BrowserContext, person: Person, site: Site) -> None:
    """Signed in without the form."""
    client = Client()
    client.force_login(person.user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site.url}])


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA: one line for each rule, with its first place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{rule['id']}: {rule['nodes'][0]['html'][:160]} {rule['nodes'][0]['failureSummary']}"
        for rule in found["violations"]
    ]


def overflow(page: Page) -> list[str]:
    """The elements that make the page wider than the window, widest first."""
    script = """() => {
      const wide = document.documentElement.scrollWidth, window_ = document.documentElement.clientWidth;
      if (wide <= window_) return [];
      return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > window_ + 1)
        .map(e => `${e.tagName}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`).slice(0, 5);
    }"""
    return list(page.evaluate(script))


def small_targets(page: Page) -> list[str]:
    """Controls smaller than 24 px that are no links in a line of text (WCAG 2.2, 2.5.8)."""
    script = """() => [...document.querySelectorAll(
        "button, select, summary, input:not([type=hidden]), a.button, nav a")]
      .filter(e => e.offsetParent !== null && e.checkVisibility())
      .map(e => [e, (e.closest("label") ?? e).getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(([e, box]) => `${e.tagName} ${e.textContent.trim().slice(0, 20)} ${box.width}x${box.height}`)"""
    return list(page.evaluate(script))


def _use(name: str) -> None:
    connection.close()
    if connection.pool:
        connection.close_pool()
    connection.settings_dict["NAME"] = name


def _environment(database: str, home: Path) -> dict[str, str]:
    address, _, place = os.environ["ISOFLOP_DATABASE_URL"].partition("?")
    url = f"{address.rpartition('/')[0]}/{database}?{place}".rstrip("?")
    own = {"ISOFLOP_DATABASE_URL": url, "ISOFLOP_HOME": str(home), "ISOFLOP_STATIC": str(home / "static")}
    quiet = {"ISOFLOP_LOG_FORMAT": "console", "ISOFLOP_LOG_LEVEL": "WARNING"}
    return {**os.environ, **own, **quiet, "DJANGO_SETTINGS_MODULE": "planner.settings"}


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        try:
            urllib.request.urlopen(f"{url}/sign-in", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not answer within {START_LIMIT_S} s")
