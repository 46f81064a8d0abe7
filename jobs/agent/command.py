"""How the measuring process is started: the same argument list under every executor."""

import os
import sys
from pathlib import Path

# torchrun's own default port; the host is the first of the allocation, set by the batch script.
MEETING_PORT = 29400
MEETING_HOST = "ISOFLOP_MEETING_HOST"


def command(folder: Path, *, processes: int) -> tuple[str, ...]:
    """One process, or `processes` of them through torchrun, with the job of `folder`.

    Inside an allocation of several Slurm nodes they are spread over those, which meet at the first.
    """
    child = ("-m", "jobs.agent.child", str(folder))
    if processes == 1:
        return (sys.executable, *child)
    nodes = int(os.environ.get("SLURM_NNODES", "1"))
    each = str(-(-processes // nodes))
    meet: tuple[str, ...] = ("--standalone",)
    if nodes > 1:
        endpoint = f"{os.environ[MEETING_HOST]}:{MEETING_PORT}"
        meet = ("--nnodes", str(nodes), "--rdzv-backend", "c10d", "--rdzv-endpoint", endpoint)
    return (sys.executable, "-m", "torch.distributed.run", *meet, "--nproc-per-node", each, *child)
