"""Joining: a one-time token becomes this node's own credential."""

from pathlib import Path

from jobs.agent import state as states
from jobs.agent.capability import agent_version, capability
from jobs.agent.errors import NodeError
from jobs.agent.state import State
from jobs.agent.transport import Transport

# What a server takes for a node's name.
MOST_NAME = 60


def join(url: str, token: str, *, name: str, executor: str, ca: str, path: Path) -> State:
    """Redeems `token` at `url` and keeps what this node becomes in the file `path`.

    NodeError, Refused or Unreachable say what is wrong; nothing is kept then.
    """
    states.check_room(path)
    known = capability(executor)
    body = {
        "token": token,
        "name": name or named(known["hostname"]),
        "executor": executor,
        "agent_version": agent_version(),
        "capability": known,
    }
    with Transport(url, ca=ca) as transport:
        found = transport.join(body)
    joined = State(
        url=url.rstrip("/"),
        node=str(found["node"]["id"]),
        name=str(found["node"]["name"]),
        credential=str(found["credential"]),
        public_key=str(found["public_key"]),
        executor=executor,
        ca=ca,
        renew_s=float(found["renew_s"]),
        lease_s=float(found["lease_s"]),
    )
    states.save(path, joined)
    return joined


def known_as(path: Path) -> str:
    """The node that the file `path` makes of this machine, in words; empty where it is none."""
    try:
        found = states.load(path)
    except NodeError:
        return ""
    return f"the node {found.name} of {found.url}"


def named(host: str) -> str:
    """What to call a machine of this host name: the name, as far as a server takes it."""
    return "".join(one if one.isprintable() else "-" for one in host).strip()[:MOST_NAME].strip() or "node"
