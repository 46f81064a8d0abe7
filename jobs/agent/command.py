"""How the measuring process is started: the same argument list under every executor."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

# torchrun's own default port; the host is the first of the allocation, set by the batch script.
MEETING_PORT = 29400
MEETING_HOST = "ISOFLOP_MEETING_HOST"
# The number of the process that a measuring process must not outlive, which torchrun may stand between.
KEEPER = "ISOFLOP_KEEPER"


@dataclass(frozen=True)
class Spread:
    """Over how many nodes the processes of a job are spread, and where these meet: `host:port`."""

    nodes: int = 1
    meeting: str = ""


def command(folder: Path, *, processes: int, spread: Spread | None = None) -> tuple[str, ...]:
    """One process, or this node's share of `processes` through torchrun, with the job of `folder`."""
    child = ("-m", "jobs.agent.child", str(folder))
    if processes == 1:
        return (sys.executable, *child)
    found = spread or _allocation()
    each = str(-(-processes // found.nodes))
    meet: tuple[str, ...] = ("--standalone",)
    if found.nodes > 1:
        meet = ("--nnodes", str(found.nodes), "--rdzv-backend", "c10d", "--rdzv-endpoint", found.meeting)
    return (sys.executable, "-m", "torch.distributed.run", *meet, "--nproc-per-node", each, *child)


def _allocation() -> Spread:
    """What Slurm gave this job; one node elsewhere."""
    nodes = int(os.environ.get("SLURM_NNODES", "1"))
    return Spread(nodes, f"{os.environ[MEETING_HOST]}:{MEETING_PORT}") if nodes > 1 else Spread()
