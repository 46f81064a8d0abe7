"""Brings database and static files up to date, and skips what is: a second start pays for nothing twice."""

import hashlib
import importlib.metadata
import importlib.util
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from planner.local import home as homes
from planner.local import services
from planner.local.children import Child
from planner.local.cluster import Cluster
from planner.local.errors import fail

STEP_LIMIT_S = 600.0
APPS = ("planner", "jobs", "frontend")
DISTRIBUTIONS = ("Django", "django-htmx", "whitenoise")

Start = Callable[[services.Service], Child]
Wait = Callable[[float], None]


def database(home: Path, cluster: Cluster | None, start: Start, wait: Wait) -> None:
    """Migrate where needed. A database of the caller's is always asked: it may be another one than last time."""
    fingerprint = f"{_migrations()} {cluster.directory if cluster else ''}"
    file = home / "migrated"
    if cluster and file.is_file() and file.read_text() == fingerprint:
        return
    finish(start(services.Service("migrate", services.django("migrate", "--no-input", "--verbosity", "1"))), wait)
    if cluster:
        homes.write(file, fingerprint)


def static_files(home: Path, start: Start) -> Child | None:
    """Begin to collect the static files; None where they are collected."""
    file = home / "static-collected"
    if file.is_file() and file.read_text() == _static():
        return None
    return start(
        services.Service("static", services.django("collectstatic", "--no-input", "--clear", "--verbosity", "0"))
    )


def static_files_done(home: Path) -> None:
    homes.write(home / "static-collected", _static())


def finish(child: Child, wait: Wait) -> None:
    """Wait for a child that ends by itself."""
    limit = time.monotonic() + STEP_LIMIT_S
    while (status := child.process.poll()) is None and time.monotonic() < limit:
        wait(0.02)
    if status != 0:
        name = child.service.name
        fail(f"{name}_failed", f"{name} failed: {child.said(lines=3)}", hint=f"The whole story is in {child.log}.")


def _migrations() -> str:
    files = (file for app in APPS for file in _package(app).glob("migrations/*.py"))
    return _digest(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files)


def _static() -> str:
    files = (file for app in APPS for file in _package(app).glob("static/**/*") if file.is_file())
    return _digest(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}" for file in files)


def _digest(lines: Iterable[str]) -> str:
    versions = [f"{name} {importlib.metadata.version(name)}" for name in DISTRIBUTIONS]
    return hashlib.sha256("\n".join([*versions, *sorted(lines)]).encode()).hexdigest()


def _package(name: str) -> Path:
    """Where a package lies, without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        fail("not_installed", f"The package {name} is missing.", hint="Run `pip install 'isoflop[server]'`.")
    return Path(found.origin).parent
