"""An attached machine in words: how it stands, what it is, what the catalogue calls it."""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from planner.models import Executor, Node, NodeState, Project
from planner.services.capability import wrong_clock
from solvers import recipes, units
from solvers.documents import Document

# What the form starts with for one CPU: the training example asks for far more than it has.
SMALL: Document = {
    "/model": "mpt-125m",
    "/sequence_length": 512,
    "/global_batch": 8,
    "/tokens": "10M",
    "/precision": "bf16",
    "/objective": None,
}
RUN = {Executor.LOCAL: "on the machine itself", Executor.SLURM: "through Slurm"}


@dataclass(frozen=True)
class Standing:
    """A node's state as a badge, and what follows from it where the reader may want to do something."""

    badge: str
    word: str
    hint: str = ""


def standing(node: Node) -> Standing:
    """Whether jobs reach it, and if not, why."""
    if node.state == NodeState.REMOVED:
        return Standing("", "removed", "Its credential opens nothing any more. What it measured stays.")
    if not node.online:
        hint = "It has not been heard of for a while. Start its agent again there: `isoflop node run`."
        return Standing("bad", "offline, draining" if node.state == NodeState.DRAINING else "offline", hint)
    if node.state == NodeState.DRAINING:
        return Standing("warn", "draining", "It finishes what it runs and gets nothing new until it is resumed.")
    if off := wrong_clock(node.capability):
        hint = f"Its clock is {off}, and it therefore gets no jobs. Set it there: `timedatectl set-ntp true`."
        return Standing("warn", "online, wrong clock", hint)
    if not node.capability["torch"]:
        hint = "It has no torch and therefore gets no jobs. There: `pip install 'isoflop[node]'`, then start its agent."
        return Standing("warn", "online, no torch", hint)
    return Standing("good", "online")


def summary(capability: Document) -> str:
    """`8 × NVIDIA H200 of 150 GB`, `CPU only: AMD EPYC, 4 cores, 8.2 GB`."""
    cards = {gpu["name"]: gpu["memory_bytes"] for gpu in capability["gpus"]}
    if cards:
        names = [gpu["name"] for gpu in capability["gpus"]]
        return ", ".join(f"{names.count(name)} × {name} of {_size(memory)}" for name, memory in cards.items())
    cpu = capability["cpu"]
    return f"CPU only: {cpu['model']}, {units.many(cpu['cores'], 'core')}, {_size(cpu['memory_bytes'])}"


def facts(node: Node) -> list[tuple[str, str]]:
    """All that the node says of itself, but for what is a page of its own."""
    said = node.capability
    cpu = said["cpu"]
    pairs = [
        ("Host", said["hostname"]),
        ("GPUs", summary(said) if said["gpus"] else "none"),
        *_gpu_facts(said["gpus"]),
        ("CPU", f"{cpu['model']}, {units.many(cpu['cores'], 'core')}"),
        ("Memory of the host", _size(cpu["memory_bytes"])),
        ("Instructions", ", ".join(cpu["features"])),
        ("torch", said["torch"] or "not installed"),
        ("CUDA, NCCL", ", ".join(filter(None, (said["cuda"], said["nccl"])))),
        ("vLLM", said["vllm"]),
        ("System", said["os"]),
        ("Python", said["python"]),
        ("Agent", node.agent_version),
        ("Its jobs run", f"{RUN[Executor(node.executor)]}, {units.many(node.slots, 'job')} at once"),
    ]
    return [(label, value) for label, value in pairs if value]


def measures(capability: Document) -> list[tuple[str, str, str]]:
    """What the node can measure: the recipe's name, its title, and why it cannot where it cannot."""
    told = []
    for name, recipe in recipes.KNOWN.items():
        there = capability["recipes"].get(name)
        told.append((name, recipe.title, "" if there == recipe.version else _other_version(there, recipe.version)))
    return told


def devices(capability: Document) -> tuple[str, ...]:
    """The names of its GPUs, each once."""
    return tuple(dict.fromkeys(gpu["name"] for gpu in capability["gpus"]))


def plan_on(project: Project, name: str) -> str:
    """The address of a new plan on the project's node of that name, of a model that a CPU can train."""
    changes = {"/name": f"A small model on {name}", "/hardware": {"node": name, "nodes": 1}, **SMALL}
    asked = [("kind", "training"), *(("set", f"{at}={json.dumps(value)}") for at, value in changes.items())]
    return f"{reverse('plan-new', args=[project.slug])}?{urlencode(asked)}"


def proper(name: str) -> str:
    """A name that the catalogue takes: `node 7 (new)` as `node-7-new`."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:80] or "our-node"


def _gpu_facts(cards: list[Document]) -> list[tuple[str, str]]:
    if not cards:
        return []
    card = cards[0]
    clocks = f"{card['sm_clock_hz'] / 1e9:.2f} GHz, memory {card['memory_clock_hz'] / 1e9:.2f} GHz"
    return [
        ("Driver", card["driver"]),
        ("Clocks", clocks if card["sm_clock_hz"] else ""),
        ("Power limit", units.show(card["power_limit_w"], units.POWER) if card["power_limit_w"] else ""),
    ]


def _other_version(there: int | None, here: int) -> str:
    if there is None:
        return "its agent does not offer this"
    return f"its agent has version {there}, the server {here}"


def _size(memory_bytes: float) -> str:
    return units.show(memory_bytes, units.SIZE)
