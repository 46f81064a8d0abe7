"""Where the embedded database lives: its folders, its socket, its user and its password.

An ordinary user's database lies in the home. Root's server runs as somebody who cannot reach the home, so that its
data and its socket lie in a folder of that user, `/var/lib/isoflop/<id>`, which the home remembers.
"""

import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from planner.local import account as accounts
from planner.local import home as homes
from planner.local.account import Account
from planner.local.errors import fail

ROOTS_FOLDER = Path("/var/lib/isoflop")
ROLE = "isoflop"
PORT = 5432  # only a part of the socket's name: nothing listens on TCP
# sun_path holds 104 bytes on macOS and the BSDs, 108 on Linux, with the closing zero (unix(4), unix(7)).
LONGEST_SOCKET = 103


@dataclass(frozen=True)
class Cluster:
    """One embedded database, running or not."""

    home: Path
    directory: Path
    socket: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return homes.folder(self.home, "log") / "postgres.log"

    @property
    def url(self) -> str:
        """The address with the password."""
        place = urlencode({"host": self.socket, "port": PORT}, safe="/")
        return f"postgresql://{ROLE}:{quote(password(self.home), safe='')}@/{ROLE}?{place}"


def password(home: Path) -> str:
    return homes.secret(home, "postgres-password")


def locate(home: Path, *, directory: Path | None = None) -> Cluster:
    """The home's database; its folders and password are made at the first call. `directory` is for a new one."""
    with homes.lock(home, "cluster"):
        place = _remembered(home) or _new(home, directory)
        account = accounts.owner(place)
        return Cluster(home, place, _socket(home, place, account), account)


def exists(home: Path) -> bool:
    """Whether the home has a database."""
    place = _remembered(home)
    return place is not None and (place / "data").is_dir()


def forget(cluster: Cluster) -> None:
    """Let the home forget the database's place, once its folders are gone."""
    (cluster.home / "postgres-directory").unlink(missing_ok=True)
    (cluster.home / "postgres-socket").unlink(missing_ok=True)


def _remembered(home: Path) -> Path | None:
    file = home / "postgres-directory"
    place = Path(file.read_text().strip()) if file.is_file() else None
    return place if place and place.is_dir() else None


def _new(home: Path, wanted: Path | None) -> Path:
    account = accounts.unprivileged()
    place = wanted or (_roots_folder() / secrets.token_hex(6) if account else home / "postgres")
    _private(place, account)
    homes.write(home / "postgres-directory", f"{place}\n")
    return place


def _roots_folder() -> Path:
    ROOTS_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    return ROOTS_FOLDER


def _private(place: Path, account: Account | None) -> None:
    place.mkdir(mode=0o700, exist_ok=True)
    place.chmod(0o700)
    accounts.give(place, account)


def _socket(home: Path, place: Path, account: Account | None) -> Path:
    """A private folder whose socket's path is short enough."""
    near = place / "socket"
    if _fits(near):
        _private(near, account)
        return near
    file = home / "postgres-socket"
    far = Path(file.read_text().strip()) if file.is_file() else None
    if far is None or not _is_private(far, account):
        far = Path(tempfile.mkdtemp(prefix="isoflop-"))  # 0700 from the start, and nobody else's
        accounts.give(far, account)
        homes.write(file, f"{far}\n")
    if not _fits(far):
        fail("long_path", f"The path of the temporary folder {far} is too long for a socket.", hint="Set TMPDIR=/tmp.")
    return far


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET


def _is_private(folder: Path, account: Account | None) -> bool:
    """Whether it is still the folder that we made: not a link, ours, and closed to others."""
    try:
        facts = folder.lstat()
    except FileNotFoundError:
        return False
    return facts.st_mode == 0o40700 and facts.st_uid == (account.uid if account else os.geteuid())
