"""The fingerprint of where something is measured: device, driver, clocks, libraries, threads, system."""

import os
import platform
import subprocess
from pathlib import Path

import torch
import torch.distributed as dist

from solvers.documents import Document

QUERY = "clocks.sm,clocks.mem,power.draw,temperature.gpu,clocks_event_reasons.active"
QUERY_LIMIT_S = 10
# Bits of NVML's clock event reasons (nvml.h, nvmlClocksEventReason*) that say that a GPU is held back.
REASONS = {
    0x4: "power_cap",
    0x8: "hardware_slowdown",
    0x20: "software_thermal",
    0x40: "hardware_thermal",
    0x80: "power_brake",
}
MEGA = 1e6


def environment(device: torch.device) -> Document:
    """What does not change while one measures."""
    cuda = device.type == "cuda"
    return {
        "device": device.type,
        "name": torch.cuda.get_device_name(device) if cuda else cpu_name(),
        "gpus": torch.cuda.device_count() if cuda else 0,
        "processes": dist.get_world_size() if dist.is_initialized() else 1,
        "memory_bytes": float(torch.cuda.get_device_properties(device).total_memory if cuda else host_memory()),
        "torch": str(torch.__version__),
        "cuda": str(torch.version.cuda or ""),
        "nccl": nccl(),
        "driver": _asked("driver_version", device)[0] if cuda else "",
        "threads": torch.get_num_threads(),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu_name(),
        "os": platform.platform(),
        "python": platform.python_version(),
    }


def state(device: torch.device) -> tuple[Document | None, float | None]:
    """What changes: the GPU's clocks, None without one or where it does not say, and processes that want a core."""
    return (clocks(device) if device.type == "cuda" else None), os.getloadavg()[0]


def clocks(device: torch.device) -> Document | None:
    """The clocks of a GPU now; busy with what was just run, if one asks at once."""
    return clocks_of(_asked(QUERY, device))


def clocks_of(said: list[str]) -> Document | None:
    """What nvidia-smi's words for `QUERY` mean, in SI units."""
    if len(said) != len(QUERY.split(",")):
        return None
    sm, memory, power, temperature = (_number(word) for word in said[:4])
    active = int(said[4], 16) if said[4].startswith("0x") else 0
    return {
        "sm_clock_hz": sm * MEGA,
        "memory_clock_hz": memory * MEGA,
        "power_w": power,
        "temperature_c": temperature,
        "reasons": [name for bit, name in REASONS.items() if active & bit],
    }


def nccl() -> str:
    """NCCL's version, or nothing in a build without it."""
    if not (torch.cuda.is_available() and dist.is_nccl_available()):
        return ""
    return ".".join(str(part) for part in torch.cuda.nccl.version())


def cpu_name() -> str:
    """The processor's own name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def host_memory() -> int:
    """Bytes of the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _asked(query: str, device: torch.device) -> list[str]:
    """What nvidia-smi says of this GPU; an empty word where it cannot."""
    which = str(torch.cuda.get_device_properties(device).uuid)
    command = ["nvidia-smi", f"--id=GPU-{which.removeprefix('GPU-')}", f"--query-gpu={query}"]
    try:
        answer = subprocess.run(
            [*command, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            check=True,
            timeout=QUERY_LIMIT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return [""]
    return [word.strip() for word in answer.stdout.strip().split(",")]


def _number(word: str) -> float:
    """A number, 0 where the GPU does not say (`[N/A]`)."""
    try:
        return float(word)
    except ValueError:
        return 0.0
