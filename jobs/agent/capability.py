"""What this machine is: asked of the system, of nvidia-smi and of the installed packages, never guessed."""

import json
import os
import platform
import socket
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from solvers import recipes
from solvers.documents import Document

MEBI, MEGA = 2**20, 10**6
ASK_S = 20.0
MOST_TOPOLOGY = 8000
GPU_FIELDS = ("name", "memory.total", "driver_version", "clocks.max.sm", "clocks.max.mem", "power.limit", "uuid")
# Instruction sets that decide how fast a CPU multiplies.
FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "sve", "fma")


def capability(executor: str) -> Document:
    """The capability document of this machine."""
    return {
        "hostname": socket.gethostname()[:200],
        "os": platform.platform()[:200],
        "python": platform.python_version(),
        "cpu": _cpu(),
        "gpus": _cluster_gpus() if executor == "slurm" else _gpus(),
        **_torch(),
        "topology": _run("nvidia-smi", "topo", "-m")[:MOST_TOPOLOGY],
        "executor": executor,
        "recipes": {name: one.version for name, one in recipes.KNOWN.items() if all(map(find_spec, one.packages))},
        "vllm": _version("vllm"),
    }


def agent_version() -> str:
    """The version of this package."""
    return _version("isoflop") or "source"


def _cpu() -> Document:
    text = _read("/proc/cpuinfo")
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    said = {key.strip(): value.strip() for key, value in lines.items()}
    flags = set(said.get("flags", said.get("Features", "")).split())
    return {
        "model": (said.get("model name") or platform.processor() or platform.machine())[:200],
        "cores": _cores(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "features": [name for name in FEATURES if name in flags],
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus() -> list[Document]:
    listing = _run("nvidia-smi", f"--query-gpu={','.join(GPU_FIELDS)}", "--format=csv,noheader,nounits")
    rows = [[cell.strip() for cell in line.split(",")] for line in listing.splitlines()]
    return [_gpu(*row) for row in rows if len(row) == len(GPU_FIELDS)]


def _gpu(name: str, memory: str, driver: str, sm_clock: str, memory_clock: str, power: str, uuid: str) -> Document:
    return {
        "name": name,
        "memory_bytes": int(_number(memory) * MEBI),
        "driver": driver,
        "sm_clock_hz": _number(sm_clock) * MEGA,
        "memory_clock_hz": _number(memory_clock) * MEGA,
        "power_limit_w": _number(power),
        "uuid": uuid,
    }


def _cluster_gpus() -> list[Document]:
    """The GPUs of one node of the cluster, of the kind that has most; Slurm tells their name and number, no more."""
    from jobs.agent.executors.slurm import cluster  # noqa: PLC0415 -- only on a login node

    kinds = sorted(cluster(), key=lambda kind: int(kind["gpus"]))
    return [_gpu(kind["gpu"], "", "", "", "", "", "") for kind in kinds[-1:] for _ in range(kind["gpus"])]


def _torch() -> Document:
    """Versions of torch and what it was built with; loading it takes seconds, so that another process does."""
    none: Document = {"torch": _version("torch"), "cuda": "", "nccl": ""}
    if find_spec("torch") is None:
        return none
    asked = (
        "import json, torch; nccl = torch.cuda.nccl.version() if torch.cuda.is_available() else ();"
        "print(json.dumps([torch.__version__, torch.version.cuda or '', '.'.join(map(str, nccl))]))"
    )
    said = _run(sys.executable, "-c", asked)
    try:
        version, cuda, nccl = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        return none
    return {"torch": version, "cuda": cuda, "nccl": nccl}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _read(name: str) -> str:
    try:
        return Path(name).read_text("utf-8", "replace")
    except OSError:
        return ""


def _number(text: str) -> float:
    """A number of nvidia-smi; 0 where it says that it does not know."""
    try:
        return float(text)
    except ValueError:
        return 0.0
