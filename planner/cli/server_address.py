"""Which server the command line speaks to, and with which token."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli.exits import usage

if TYPE_CHECKING:
    from planner.client import Client

DEFAULT_PORT = "8000"


def connect() -> "Client":
    """A client of the server that ISOFLOP_URL names, else of this machine's own."""
    from planner.client import Client  # noqa: PLC0415 -- httpx is slow to import

    return Client(address(), token())


def address() -> str:
    """The server's address."""
    port = os.environ.get("PORT") or os.environ.get("ISOFLOP_PORT") or DEFAULT_PORT
    return os.environ.get("ISOFLOP_URL") or f"http://127.0.0.1:{port}"


def token() -> str:
    """ISOFLOP_TOKEN, else, for a server of this machine, the token that its first start left in ISOFLOP_HOME."""
    given = os.environ.get("ISOFLOP_TOKEN", "").strip()
    if given or os.environ.get("ISOFLOP_URL"):
        return _plain(given)
    try:
        return _plain((Path(os.environ.get("ISOFLOP_HOME", ".isoflop")) / "token").read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return ""


def _plain(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise usage(
            "bad_token", "The token holds characters that no token has.", "Copy it again: if_ and what follows."
        )
    return text
