"""Runs a job through the Slurm of a cluster, from a login node: sbatch, squeue, scancel, and a shared file system.

What this cluster wants beside (partition, account, QOS) is read by sbatch itself from SBATCH_PARTITION and the like.
"""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.agent import folder as files
from jobs.agent import keeper
from jobs.agent.command import MEETING_HOST
from jobs.agent.errors import fail

ASK_S = 20.0
# squeue costs the controller something; every few seconds is what its manual advises.
LOOK_STEP_S = 2.0
# The longest that a cancelled job may take to go: the cluster's KillWait is 30 s unless it says otherwise.
GONE_S = 60.0
SLOTS = 8
# On top of a job's own limit: starting Python on a cold node.
START_S = 120.0
WAITING = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "SUSPENDED"})
ALIVE = WAITING | {"RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "STOPPED", "RESIZING"}
REASONS = {
    "TIMEOUT": keeper.TIME,
    "DEADLINE": keeper.TIME,
    "OUT_OF_MEMORY": keeper.MEMORY,
    **dict.fromkeys(("NODE_FAIL", "BOOT_FAIL", "PREEMPTED"), keeper.DISPLACED),
}


@dataclass
class SlurmJob:
    """A submitted batch job."""

    number: str
    folder: Path
    state: str = "PENDING"
    signs: int = 0
    looked: float = field(default_factory=time.monotonic)

    def ended(self) -> str | None:
        if time.monotonic() < self.looked + LOOK_STEP_S:
            return None
        self.looked, self.state = time.monotonic(), state_of(self.number)
        if self.state in WAITING:
            files.write(self.folder, files.PROGRESS, {"stage": "waiting in Slurm's queue", "fraction": 0.0})
        if self.state in ALIVE:
            return None
        if self.state in REASONS:
            return REASONS[self.state]
        found = files.read(self.folder, files.ENDED)
        return str(found["reason"]) if found else keeper.STOPPED if self.state == "CANCELLED" else keeper.LOST

    def keep(self) -> None:
        self.signs += 1
        with contextlib.suppress(OSError):
            (self.folder / files.LEASE).write_text(str(self.signs), "utf-8")

    def stop(self) -> None:
        _run("scancel", self.number)
        deadline = time.monotonic() + GONE_S
        while state_of(self.number) in ALIVE and time.monotonic() < deadline:
            time.sleep(0.5)


class Slurm:
    """Several jobs at a time: the cluster keeps them apart."""

    slots = SLOTS
    watch = "file"

    def root(self, state: Path) -> Path:
        return state.parent / "jobs"

    def start(self, folder: Path) -> SlurmJob:
        """Submits the request in `folder`; NodeError where Slurm refuses it."""
        done = _run(
            "sbatch", "--parsable", *options(folder), text=script(folder, nodes=nodes_of(folder)), env=_environment()
        )
        if done.returncode != 0:
            fail("sbatch", f"Slurm refused the job: {done.stderr.strip()[-300:]}", hint="Try sbatch on this node.")
        job = SlurmJob(done.stdout.strip().split(";")[0], folder)
        job.keep()
        return job


def options(folder: Path) -> tuple[str, ...]:
    """The options of sbatch for the request in `folder`."""
    asked = files.read(folder, files.REQUEST)
    nodes = nodes_of(folder)
    each = -(-asked["processes"] // nodes)
    minutes = int(-(-(asked["wall_s"] + START_S) // 60))
    device = asked["params"].get("device")
    return (
        *("--job-name", f"isoflop-{asked['recipe']}", "--nodes", str(nodes), "--ntasks-per-node", "1"),
        *("--time", str(minutes), "--output", str(folder / files.LOG), "--open-mode", "append"),
        *("--chdir", str(folder), "--no-requeue", "--export", "ALL"),
        *(("--gpus-per-node", str(each)) if device == "cuda" else ("--mem", f"{asked['memory_bytes'] // 2**20}M")),
    )


def script(folder: Path, *, nodes: int) -> str:
    """The batch script; its one command is ours, and nothing in it comes from the server."""
    kept = shlex.join([sys.executable, "-m", "jobs.agent.keeper", str(folder)])
    if nodes == 1:
        return f"#!/bin/sh\nexec {kept}\n"
    first = f'{MEETING_HOST}="$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"'
    return f"#!/bin/sh\nexport {first}\nexec srun --kill-on-bad-exit=1 {kept}\n"


def nodes_of(folder: Path) -> int:
    """How many nodes the request needs: as many as hold its processes, by the GPUs of this cluster's nodes."""
    asked = files.read(folder, files.REQUEST)
    gpus = max((node["gpus"] for node in cluster()), default=0)
    return -(-asked["processes"] // gpus) if asked["params"].get("device") == "cuda" and gpus else 1


def cluster() -> list[dict[str, Any]]:
    """The kinds of nodes that Slurm has: `nodes`, `cores`, `memory_bytes`, `gpu` (the name of its gres) and `gpus`."""
    listing = _run("sinfo", "--noheader", "--exact", "--format", "%D|%c|%m|%G").stdout
    rows = [line.strip().split("|") for line in listing.splitlines()]
    return [_kind(*row) for row in rows if len(row) == 4]


def _kind(nodes: str, cores: str, memory: str, gres: str) -> dict[str, Any]:
    parts = [part.split("(")[0].split(":") for part in gres.split(",") if part.startswith("gpu")]
    typed = [part for part in parts if part[-1].isdigit()]
    return {
        "nodes": int(nodes),
        "cores": int(cores.rstrip("+")),
        "memory_bytes": int(memory.rstrip("+")) * 2**20,
        "gpu": typed[0][1] if typed and len(typed[0]) == 3 else "",
        "gpus": int(typed[0][-1]) if typed else 0,
    }


def state_of(number: str) -> str:
    """Slurm's word for the job's state; GONE when Slurm no longer lists it, PENDING while Slurm does not answer."""
    done = _run("squeue", "--json", "--jobs", number)
    if done.returncode != 0:
        return "GONE" if "Invalid job id" in done.stderr else "PENDING"
    try:
        jobs = json.loads(done.stdout)["jobs"]
    except (ValueError, KeyError):
        return "PENDING"
    found = [job["job_state"] for job in jobs if str(job["job_id"]) == number]
    if not found:
        return "GONE"
    # A word before Slurm 23.11, a list of words since.
    return str(found[0] if isinstance(found[0], str) else found[0][0])


def _environment() -> dict[str, str]:
    """What sbatch hands on: Python's path, and no variable of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ISOFLOP_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUNBUFFERED": "1"}


def _run(*command: str, text: str = "", env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=ASK_S, check=False, env=env)
    except FileNotFoundError:
        fail("no_slurm", f"There is no {command[0]} here.", hint="--executor slurm wants a login node of a cluster.")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", "Slurm did not answer in time.")
