"""Nodes and what they measure, made through the services, as agents would; nothing is really measured."""

from dataclasses import dataclass
from typing import Any

from planner.models import Executor, Job, Measurement, Node, Project
from planner.services import credentials, dispatching, jobs, joining, leases
from solvers import recipes
from solvers.documents import Document, read

CPU = {"model": "Test CPU", "cores": 4, "memory_bytes": 8e9, "features": ["avx2"]}
H200 = {
    "name": "NVIDIA H200",
    "memory_bytes": 150e9,
    "driver": "580.1",
    "sm_clock_hz": 1.98e9,
    "memory_clock_hz": 3.2e9,
    "power_limit_w": 700.0,
    "uuid": "GPU-1",
}
COPY = {"sizes": ["1 MB"], "repeats": 3}


def capability(**fields: Any) -> Document:
    """What a machine without GPUs says of itself, but for the fields that are given."""
    return {
        "hostname": "box",
        "os": "Linux",
        "python": "3.11.7",
        "cpu": CPU,
        "gpus": [],
        "torch": "2.13.0",
        "cuda": "",
        "nccl": "",
        "topology": "",
        "executor": "local",
        "recipes": {name: recipe.version for name, recipe in recipes.KNOWN.items()},
        "vllm": "",
        "clock_off_s": 0.0,
        **fields,
    }


@dataclass(frozen=True)
class Joined:
    """A node and its credential."""

    node: Node
    credential: str


def join(project: Project, *, name: str = "box", executor: str = Executor.LOCAL, **fields: Any) -> Joined:
    """A node of the project, joined with a token of its own; `fields` are of its capability."""
    _, plain = joining.token(project, user=project.created_by)
    found = joining.join(plain, name=name, executor=executor, agent_version="0.1.0", capability=capability(**fields))
    return Joined(found.node, found.credential)


def job(project: Project, recipe: str = "memory_copy", params: Document | None = None, **needs: Any) -> Job:
    """A queued job."""
    return jobs.submit(project, user=project.created_by, recipe=recipe, params=params or COPY, needs=needs)


def leased(node: Node) -> Document:
    """The payload of the job that the node gets now, after a round of dispatch."""
    dispatching.assign()
    offer = leases.offer(node)
    assert offer is not None
    return read(offer["payload"])


def result(payload: Document, **fields: Any) -> Document:
    """A sound result of the job: each repeat took a millisecond, give or take a tenth."""
    recipe = recipes.get(payload["recipe"])
    params = recipe.parse(payload["params"])
    seconds = {"median": 1e-3, "low": 0.9e-3, "high": 1.1e-3, "repeats": params.repeats}
    rows = [
        {**key, "seconds": seconds, "clock": "wall", "slowed": 1.0, "rates": recipe.rates(params, key, 1e-3)}
        for key in recipe.keys(params)
    ]
    return {
        "recipe": recipe.name,
        "version": recipe.version,
        "params": payload["params"],
        "rows": rows,
        "environment": environment(params.device, processes=payload["processes"]),
        "flags": {"throttled": False, "spread": 0.2},
        "seconds_total": 1.0,
        **fields,
    }


def finish(node: Node, payload: Document) -> None:
    """The node's job is measured."""
    said = leases.Said("measured", result(payload))
    leases.finish(node, payload["job"], fence=payload["fence"], said=said)


def measured(project: Project) -> Measurement:
    """A measurement of a node of the project."""
    node = join(project).node
    asked = job(project, node=str(node.id))
    payload = leased(node)
    leases.finish(node, asked.id, fence=payload["fence"], said=leases.Said("measured", result(payload)))
    return Measurement.objects.get(job=asked)


def environment(device: str = "cpu", *, processes: int = 1) -> Document:
    return {
        "device": device,
        "name": CPU["model"] if device == "cpu" else H200["name"],
        "gpus": 0 if device == "cpu" else 1,
        "processes": processes,
        "memory_bytes": 8e9,
        "torch": "2.13.0",
        "cuda": "",
        "nccl": "",
        "driver": "",
        "threads": 4,
        "cores": 4,
        "cpu": CPU["model"],
        "os": "Linux",
        "python": "3.11.7",
        "clocks_before": None,
        "clocks_after": None,
        "load_before": 0.1,
        "load_after": 0.2,
    }


def authenticated(joined: Joined) -> Node:
    """The node as its credential finds it."""
    credential = credentials.authenticate(joined.credential)
    assert credential is not None
    return credential.node


def taught(**fields: Any) -> Document:
    """A calibration of a CPU: one coefficient moved, one as it was, a step 25 % off before and 5 % after."""
    step_params = recipes.get("training_step").parse({}).model_dump(mode="json")
    step = {"params": step_params, "layers": 2, "seconds": 0.02, "before_s": 0.025, "left_out_s": 0.021, "noise": 0.02}
    return {
        "format": "isoflop-calibration",
        "kind": "training",
        "name": "Test CPU",
        "device": "Test CPU",
        "stack": "torch 2.13.0",
        "base": "published-012345abcdef",
        "coefficients": [
            {"name": "attention_forward", "value": 0.73, "spread": 0.5, "before": 0.73, "recipe": ""},
            {"name": "flops_per_s", "value": 5e10, "spread": 0.05, "before": 1e11, "recipe": "gemm"},
        ],
        "steps": [step],
        "aside": [{"measurement": "f" * 64, "recipe": "gemm", "row": 0, "reason": "the device slowed down"}],
        "measurements": ["a" * 64],
        **fields,
    }


def send(project: Project, document: Document, *, name: str = "box") -> Measurement:
    """A document that was measured elsewhere, as if a node of the project with that CPU had measured it."""
    there = document["environment"]
    cpu = {**CPU, "model": there["name"], "cores": there["cores"]}
    node = Node.objects.filter(project=project, name=name).first() or join(project, name=name, cpu=cpu).node
    asked = job(project, document["recipe"], document["params"], node=str(node.id))
    payload = leased(node)
    leases.finish(node, asked.id, fence=payload["fence"], said=leases.Said("measured", document))
    return Measurement.objects.get(job=asked)
