"""Databases of a test's own, on each set of server programs that this machine has."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from planner.local import binaries, cluster, home, initialise, postgres
from planner.local.binaries import Binaries
from planner.local.cluster import Cluster


@pytest.fixture(params=["installed", "embedded"])
def programs(request: pytest.FixtureRequest) -> Binaries:
    """The server programs of the system, then those of the wheel."""
    wanted = [found for found in binaries.discover() if found.embedded == (request.param == "embedded")]
    if not wanted:
        pytest.skip(f"no {request.param} Postgres on this machine")
    return wanted[0]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose parents every user can reach, as pytest's own are not."""
    made = Path(tempfile.mkdtemp(prefix="isoflop-test-")).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def new_cluster(place: Path) -> Iterator[Callable[..., Cluster]]:
    """Makes a cluster in a home below the test's folder; whatever still runs on it is stopped after the test."""
    made: list[Cluster] = []

    def make(name: str = "home") -> Cluster:
        directory = place / f"{name}-pg" if os.geteuid() == 0 else None
        made.append(cluster.locate(home.make(place / name), directory=directory))
        return made[-1]

    yield make
    for one in made:
        postgres.stop_cluster(one)


@pytest.fixture(scope="session")
def templates() -> Iterator[dict[str, Cluster]]:
    """Databases to copy, one for each version: making one takes a second."""
    made: dict[str, Cluster] = {}
    yield made
    for one in made.values():
        shutil.rmtree(one.home)
        shutil.rmtree(one.directory, ignore_errors=True)


@pytest.fixture
def made_cluster(
    new_cluster: Callable[..., Cluster], programs: Binaries, templates: dict[str, Cluster]
) -> Callable[..., Cluster]:
    """Makes a cluster whose data directory is there already."""

    def make(name: str = "home") -> Cluster:
        if programs.version not in templates:
            templates[programs.version] = _template(programs)
        template, fresh = templates[programs.version], new_cluster(name)
        subprocess.run(["cp", "-a", template.data, template.directory / "password-digest", fresh.directory], check=True)
        shutil.copy(template.home / "postgres-password", fresh.home)
        return fresh

    return make


def _template(programs: Binaries) -> Cluster:
    place = Path(tempfile.mkdtemp(prefix="isoflop-test-")).resolve()
    directory = place.with_name(f"{place.name}-pg") if os.geteuid() == 0 else None
    template = cluster.locate(home.make(place), directory=directory)
    initialise.initialise(template, programs)
    return template


@pytest.fixture
def start(programs: Binaries) -> Iterator[Callable[..., postgres.Server]]:
    """Starts a server with one set of programs."""
    started: list[postgres.Server] = []

    def launch(cluster: Cluster, programs: Binaries = programs) -> postgres.Server:
        started.append(postgres.start(cluster, found=[programs]))
        return started[-1]

    yield launch
    for server in started:
        if server.process:
            postgres.stop(server)
            server.process.wait()
