"""The user that the database server runs as: ourselves, or somebody without rights where we are root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from planner.local.errors import fail

# Postgres refuses to run as root. Its own user, where a package made one, owns nothing else; `nobody` is everywhere.
CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user to drop to."""

    name: str
    uid: int
    gid: int


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that change the user."""

    user: int
    group: int
    extra_groups: list[int]


def unprivileged() -> Account | None:
    """The user to run a server as; None where this process has no rights to drop."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return fail(
        "no_account",
        "Postgres does not run as root, and this machine has neither a user 'postgres' nor 'nobody'.",
        hint="Start as an ordinary user.",
    )


def owner(path: Path) -> Account | None:
    """The user that owns `path`, to run its server as; None where that is this process's own user."""
    uid = path.stat().st_uid
    if uid == os.geteuid():
        return None
    entry = pwd.getpwuid(uid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def identity(account: Account | None) -> Identity:
    """The arguments of `subprocess` that start a process as `account`."""
    return Identity(user=account.uid, group=account.gid, extra_groups=[]) if account else Identity()


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path`."""
    if account:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
