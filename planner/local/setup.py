"""What one start of the server is made of: addresses, secrets and the variables that its processes see."""

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from planner.local import home as homes
from planner.local.errors import fail

DEMO_USER = "demo"
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 -- compared with, not listened on
LOOPBACK = "127.0.0.1"
LAST_PORT = 65535


@dataclass(frozen=True)
class Setup:
    """One installation, as the caller's variables and its home describe it."""

    home: Path
    host: str
    port: int

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        host = LOOPBACK if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def demo_password(self) -> str:
        return homes.secret(self.home, "demo-password")


def read() -> Setup:
    """The setup that ISOFLOP_HOME, ISOFLOP_HOST and PORT (or ISOFLOP_PORT) describe."""
    return Setup(homes.path(), os.environ.get("ISOFLOP_HOST", "").strip() or LOOPBACK, _port())


def variables(setup: Setup, *, database_url: str) -> dict[str, str]:
    """The environment of the server's processes. What the caller has set wins over what the home keeps."""
    ours = {
        "DJANGO_SETTINGS_MODULE": "planner.settings",
        "ISOFLOP_DATABASE_URL": database_url,
        "ISOFLOP_DEMO_PASSWORD": setup.demo_password,
        "ISOFLOP_HOME": str(setup.home),
        "ISOFLOP_PORT": str(setup.port),
        "PYTHONUNBUFFERED": "1",
    }
    defaults = {"ISOFLOP_ALLOWED_HOSTS": ",".join(_allowed_hosts(setup)), "ISOFLOP_SECRET_KEY": ""}
    given = {name: value for name, value in os.environ.items() if value or name not in defaults}
    chosen = defaults | given | ours
    chosen["ISOFLOP_SECRET_KEY"] = chosen["ISOFLOP_SECRET_KEY"] or homes.secret(setup.home, "secret-key")
    return chosen


def database_url() -> str:
    """The caller's own database, or "" for the embedded one."""
    return os.environ.get("ISOFLOP_DATABASE_URL", "").strip()


def check_port(setup: Setup) -> None:
    """Stop kindly where the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in setup.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((setup.host, setup.port))
        except socket.gaierror:
            fail("bad_host", f"There is no address called {setup.host!r}.", hint="Look at ISOFLOP_HOST.")
        except PermissionError:
            fail("port_forbidden", f"Only root may listen on port {setup.port}.", hint=_other_port(setup))
        except OSError as error:
            taken = f"Port {setup.port} is taken by another program."
            other = f"{setup.host} is no address of this machine ({error.strerror})."
            fail("port_taken", taken if error.errno == errno.EADDRINUSE else other, hint=_other_port(setup))


def _other_port(setup: Setup) -> str:
    """A command that works: the next free port above the one that was wanted, or above 8000."""
    for port in range(max(setup.port, 8000) + 1, LAST_PORT):
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) != 0:
                return f"Choose another one: PORT={port} make run"
    return "Choose another one with PORT."


def _port() -> int:
    text = os.environ.get("PORT", "").strip() or os.environ.get("ISOFLOP_PORT", "").strip() or "8000"
    if not text.isdigit() or not 1 <= int(text) <= LAST_PORT:
        fail("bad_port", f"PORT={text!r} is not a port.", hint=f"Use a number from 1 to {LAST_PORT}.")
    return int(text)


def _allowed_hosts(setup: Setup) -> list[str]:
    known = ["localhost", LOOPBACK, "[::1]"]
    return known if setup.host in {*EVERYWHERE, *known} else [*known, setup.host]
