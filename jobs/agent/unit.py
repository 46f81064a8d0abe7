"""The systemd unit that keeps an agent running."""

import getpass
import shlex
import sys
from pathlib import Path

TEXT = """\
[Unit]
Description=Isoflop node agent
After=network-online.target
Wants=network-online.target

[Service]
User={user}
ExecStart={command}
Restart=always
RestartSec=5
RestartPreventExitStatus=2
KillSignal=SIGTERM
TimeoutStopSec=40
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={folder}

[Install]
WantedBy=multi-user.target
"""


def text(state: Path) -> str:
    """A unit for the agent that joined with `state`; the credential stays in that file."""
    isoflop = Path(sys.executable).with_name("isoflop")
    command = shlex.join([str(isoflop), "node", "run", "--state", str(state)])
    return TEXT.format(user=getpass.getuser(), command=command, folder=state.parent)
