"""`isoflop backup` and its way back: Postgres' own dump, made and read by the programs of the server's version."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from planner.local import binaries, cluster, postgres
from planner.local import setup as setups
from planner.local.errors import fail
from planner.local.setup import Setup


@dataclass(frozen=True)
class Source:
    """A database that answers, and the directory of the programs that fit it."""

    url: str
    programs: Path


def backup(setup: Setup, file: Path) -> int:
    """Write the database to `file`, which only we can read; returns its size. An older file stays until then."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        out = os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        fail("no_file", f"{file} cannot be written: {error.strerror}.", hint="Name a file in a directory of yours.")
    try:
        with _source(setup) as source, out:
            options = ["--format=custom", "--no-owner", "--no-privileges"]
            _run(source, ["pg_dump", *options], output=out.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    return file.stat().st_size


def restore(setup: Setup, file: Path) -> None:
    """Replace all that is in the database by what is in `file`, or change nothing.

    The whole schema goes first: the file may be of a version that knew fewer tables.
    """
    if not file.is_file():
        fail("no_file", f"There is no file {file}.")
    with _source(setup) as source:
        options = ["--no-owner", "--no-privileges", "--no-comments"]
        with tempfile.TemporaryFile() as script:  # a file of ours without a name
            _run(source, ["pg_restore", *options, "--file=-", str(file)], output=script.fileno())
            script.seek(0)
            fresh = ["--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public", "--file=-"]
            options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
            _run(source, ["psql", *options, *fresh], script=script.fileno(), output=subprocess.DEVNULL)


@contextmanager
def _source(setup: Setup) -> Iterator[Source]:
    if theirs := setups.database_url():
        newest = max(binaries.discover(), key=lambda found: found.major, default=None)
        programs = newest.directory if newest else Path(shutil.which("pg_dump") or "pg_dump").parent
        yield Source(theirs, programs)
        return
    own = cluster.locate(setup.home)
    with postgres.running(own) as server:
        yield Source(own.url, server.binaries.directory)


def _run(source: Source, command: list[str], *, output: int, script: int = subprocess.DEVNULL) -> None:
    """Run one of Postgres' programs on the database, which it learns from the environment: others cannot see that."""
    program = source.programs / command[0]
    if not program.is_file():
        fail("no_program", f"There is no {command[0]} in {source.programs}.", hint="Install the Postgres client.")
    answer = subprocess.run(
        [str(program), *command[1:]],
        stdin=script,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=os.environ | _connection(source.url),
    )
    if answer.returncode:
        fail("backup_failed", f"{command[0]} failed: {' '.join(answer.stderr.strip().splitlines()[-3:])}")


def _connection(url: str) -> dict[str, str]:
    """The variables of libpq that stand for the address."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    found = {
        "PGHOST": query.get("host") or parts.hostname or "",
        "PGPORT": query.get("port") or str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.strip("/")),
        "PGSSLMODE": query.get("sslmode", ""),
    }
    return {name: value for name, value in found.items() if value}
