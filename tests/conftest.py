"""A private Postgres for the session, and what Django must know before it loads.

Workers of pytest-xdist share the server of the session that started them; each has a database of its own.
"""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

import django
import pytest
from hypothesis import HealthCheck, settings

from planner.local import cluster, home, postgres

# Nothing here needs to survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Nothing is said of a function that a busy machine is slow at making examples for it.
settings.register_profile("isoflop", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("isoflop")

_server: list[postgres.Server] = []


def _prepare() -> None:
    """The variables that the settings read. A worker of pytest-xdist has inherited them."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "planner.settings"
    if "ISOFLOP_TEST_SESSION" in os.environ:
        return
    place = Path(tempfile.mkdtemp(prefix="isoflop-tests-")).resolve()
    os.environ["ISOFLOP_TEST_SESSION"] = str(place)
    os.environ["ISOFLOP_HOME"] = str(home.make(place / "home"))
    home.folder(place / "home", "static")
    os.environ["ISOFLOP_SECRET_KEY"] = secrets.token_urlsafe(50)
    os.environ["ISOFLOP_ALLOWED_HOSTS"] = "localhost,127.0.0.1,testserver"
    if not os.environ.get("ISOFLOP_DATABASE_URL"):
        os.environ["ISOFLOP_TEST_POSTGRES"] = "embedded"
        os.environ["ISOFLOP_DATABASE_URL"] = _cluster().url


def _cluster() -> cluster.Cluster:
    """The session's database server: as root its folder lies beside the private home, where its user can reach it."""
    place = Path(os.environ["ISOFLOP_TEST_SESSION"])
    directory = Path(tempfile.gettempdir()).resolve() / f"{place.name}-pg" if os.geteuid() == 0 else None
    return cluster.locate(place / "home", directory=directory)


_prepare()
django.setup()


def pytest_configure(config: pytest.Config) -> None:
    """Workers of pytest-xdist end before their session does, so that the session itself starts their server."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        _start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    for server in _server:
        postgres.stop(server)
    place = Path(os.environ["ISOFLOP_TEST_SESSION"])
    if os.environ.get("ISOFLOP_TEST_POSTGRES"):
        postgres.remove(_cluster())
    shutil.rmtree(place, ignore_errors=True)


def _start() -> None:
    if os.environ.get("ISOFLOP_TEST_POSTGRES") and not _server:
        _server.append(postgres.start(_cluster(), settings=FAST))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start the server as late as the first test that needs a database."""
    _start()


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """The session's own server goes with its databases; dropping one first only waits for who is still connected."""
    return django_db_keepdb or bool(os.environ.get("ISOFLOP_TEST_POSTGRES"))


@pytest.fixture(scope="session")
def database_url(django_db_setup: None) -> str:
    """The address of the test database, for processes that a test starts."""
    from django.conf import settings  # noqa: PLC0415 -- Django loads after this module

    address, _, place = os.environ["ISOFLOP_DATABASE_URL"].partition("?")
    return f"{address.rpartition('/')[0]}/{settings.DATABASES['default']['NAME']}?{place}".rstrip("?")


@pytest.fixture
def trial_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers the kind whose specs say how their solver behaves."""
    from solvers import kinds  # noqa: PLC0415 -- not every test needs the solvers

    monkeypatch.setitem(kinds.MODULES, "trial", "tests.jobs.trial")
