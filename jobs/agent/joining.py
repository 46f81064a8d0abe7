"""Joining: a one-time token becomes this node's own credential."""

from pathlib import Path

from jobs.agent import state as states
from jobs.agent.capability import agent_version, capability
from jobs.agent.state import State
from jobs.agent.transport import Transport


def join(url: str, token: str, *, name: str, executor: str, ca: str, path: Path) -> State:
    """Redeems `token` at `url` and keeps what this node becomes in the file `path`.

    NodeError, Refused or Unreachable say what is wrong; nothing is kept then.
    """
    known = capability(executor)
    body = {
        "token": token,
        "name": name or known["hostname"],
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
