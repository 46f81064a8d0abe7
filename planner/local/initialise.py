"""Makes a database cluster, wholly or not at all: a half-made one is thrown away at the next start."""

import hashlib
import os
import secrets
import shutil
import subprocess
from pathlib import Path

from planner.local import account as accounts
from planner.local.binaries import Binaries
from planner.local.cluster import ROLE, Cluster, password
from planner.local.errors import fail

BUILTIN_LOCALES_SINCE = 17  # initdb's --locale-provider=builtin, Postgres 17 release notes


def initialise(cluster: Cluster, binaries: Binaries) -> None:
    """Make the data directory, our role and our database."""
    fresh = cluster.directory / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _initdb(cluster, binaries, fresh)
    _create(cluster, binaries, fresh)
    _digest_file(cluster).write_text(_digest(cluster))
    fresh.rename(cluster.data)


def mend_password(cluster: Cluster, binaries: Binaries) -> None:
    """Give our role the home's password if it has another one; the server must not be running."""
    file = _digest_file(cluster)
    if not file.is_file() or file.read_text() != _digest(cluster):
        single_user(cluster, binaries, cluster.data, [f"ALTER ROLE {ROLE} PASSWORD '{password(cluster.home)}'"])
        _digest_file(cluster).write_text(_digest(cluster))


def _digest(cluster: Cluster) -> str:
    """Says which password the role has without saying it: 256 random bits need no salt."""
    return hashlib.sha256(password(cluster.home).encode()).hexdigest()


def _digest_file(cluster: Cluster) -> Path:
    return cluster.directory / "password-digest"


def single_user(cluster: Cluster, binaries: Binaries, data: Path, statements: list[str]) -> None:
    """Run statements in a server of our own that talks to nobody else."""
    command = [str(binaries.directory / "postgres"), "--single", "-D", str(data), "-c", "exit_on_error=on", "postgres"]
    run(cluster, command, text="".join(f"{statement}\n" for statement in statements))


def run(cluster: Cluster, command: list[str], *, text: str = "") -> None:
    """Run one of the server's programs as its user, and stop where it fails."""
    answer = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd=cluster.directory,
        env=environment(),
        **accounts.identity(cluster.account),
    )
    if answer.returncode:
        said = (answer.stderr or answer.stdout).strip().splitlines()[-5:]
        fail("postgres_failed", f"{Path(command[0]).name} failed: {' '.join(said)}", hint="Is the disk full?")


def environment() -> dict[str, str]:
    """What the server's programs may see: no PG* variable of the caller's changes what they do."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _initdb(cluster: Cluster, binaries: Binaries, data: Path) -> None:
    """The superuser's password is thrown away: who owns the files can be superuser in single-user mode."""
    file = cluster.directory / "superuser-password"
    file.unlink(missing_ok=True)
    try:
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
        accounts.give(file, cluster.account)
        options = ["-U", "postgres", "--auth=scram-sha-256", f"--pwfile={file}", "--encoding=UTF8", *_locale(binaries)]
        run(cluster, [str(binaries.directory / "initdb"), "-D", str(data), *options])
    finally:
        file.unlink(missing_ok=True)


def _locale(binaries: Binaries) -> list[str]:
    """Unicode letters in upper and lower case, sorted by code point, whatever this machine's locales are."""
    if binaries.major >= BUILTIN_LOCALES_SINCE:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C", "--lc-ctype=C.UTF-8"]


def _create(cluster: Cluster, binaries: Binaries, data: Path) -> None:
    """Our role is no superuser; it may create databases because tests do."""
    role = f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password(cluster.home)}'"
    single_user(cluster, binaries, data, [role, f"CREATE DATABASE {ROLE} OWNER {ROLE}"])
