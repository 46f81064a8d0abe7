"""How the measuring process is started: the same argument list under every executor."""

import sys
from pathlib import Path


def command(folder: Path, *, processes: int, python: str = sys.executable) -> tuple[str, ...]:
    """One process, or `processes` of them through torchrun, with the job of `folder`."""
    child = ("-m", "jobs.agent.child", str(folder))
    if processes == 1:
        return (python, *child)
    return (python, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), *child)
