"""Docker compose: every replica of a plan that fits on one machine, with its GPUs, and what stands before them."""

from typing import Any

from solvers.documents import Document
from solvers.exports.filling import yaml
from solvers.exports.refuse import Rule, check
from solvers.exports.shell import comment
from solvers.serving.exports import balance, containers, sglang_arguments
from solvers.serving.exports.scripts import PORT
from solvers.serving.exports.served import Replicas, Served, served

FILE = "compose.yaml"
FRONT = "8000:8000"
EVERY = "10s"


def write(result: Document) -> dict[str, str]:
    """The compose file and what its services read."""
    plan = served(result)
    containers.checked(plan)
    router = plan.engine == "sglang"
    check([*_rules(plan), *([] if router else balance.rules(plan))])
    names = _names(plan)
    services = {name: _replica(plan, pool, first, alone=plan.replicas == 1) for name, pool, first in names}
    if plan.replicas > 1:
        services["router"] = _sglang(plan, names) if router else _nginx(list(services))
    head = comment(
        [
            f"{containers.ENGINES[plan.engine]}: {plan.title}, {plan.label}, on {plan.gpus} {plan.gpu}.",
            *(f"{name}: {what}." for name, what in containers.wanted(plan)),
            "They are read from the environment or from a file called .env.",
        ]
    )
    conf = (
        {balance.FILE: balance.text(plan, [f"{name}:{PORT}" for name, _, _ in names], port=PORT)}
        if plan.replicas > 1 and not router
        else {}
    )
    options = {name: text for pool in plan.pools for name, text in containers.options(plan, pool).items()}
    return {FILE: f"{head}\n{yaml({'name': plan.name, 'services': services})}", **conf, **options}


def _rules(plan: Served) -> list[Rule]:
    return [
        Rule(
            plan.gpus > plan.gpus_per_node,
            "/plan/gpus",
            f"Compose runs on one machine; the plan has {plan.gpus} GPUs, a machine {plan.gpus_per_node}.",
        ),
        Rule(plan.vendor.upper() == "AMD", "/spec/hardware/node/gpu", "Compose reserves GPUs of NVIDIA by number."),
    ]


def _names(plan: Served) -> list[tuple[str, Replicas, int]]:
    """Every replica's name, its pool and the first of its GPUs."""
    found, first = [], 0
    for pool in plan.pools:
        for number in range(pool.replicas):
            found.append((f"{pool.name}-{number}", pool, first))
            first += pool.gpus
    return found


def _replica(plan: Served, pool: Replicas, first: int, *, alone: bool) -> Document:
    devices = {
        "driver": "nvidia",
        "device_ids": [str(first + number) for number in range(pool.gpus)],
        "capabilities": ["gpu"],
    }
    command = containers.command(plan, pool)
    found: dict[str, Any] = {
        "image": _asked("IMAGE"),
        "entrypoint": [_variable(word) for word in command],
        "environment": {"HF_TOKEN": "${HF_TOKEN:-}"},
        "ipc": "host",
        "deploy": {"resources": {"reservations": {"devices": [devices]}}},
        "healthcheck": {"test": _health(), "interval": EVERY, "start_period": "30m"},
    }
    if plan.engine == "trtllm":
        found["volumes"] = [f"./{pool.name}.yaml:{containers.OPTIONS}/{pool.name}.yaml:ro"]
    return {**found, "ports": [FRONT]} if alone else found


def _health() -> list[str]:
    probe = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{PORT}/health', timeout=5)"
    return ["CMD", "python3", "-c", probe]


def _nginx(replicas: list[str]) -> Document:
    return {
        "image": balance.IMAGE,
        "volumes": [f"./{balance.FILE}:/etc/nginx/conf.d/default.conf:ro"],
        "ports": [FRONT],
        "depends_on": _healthy(replicas),
    }


def _sglang(plan: Served, names: list[tuple[str, Replicas, int]]) -> Document:
    """SGLang's own router, which knows caches and takes requests from prefill to decode."""
    urls = {
        role: [f"http://{name}:{PORT}" for name, pool, _ in names if pool.name == role]
        for role in ("serve", "prefill", "decode")
    }
    given = sglang_arguments.router(plan, prefill=urls["prefill"], decode=urls["decode"], workers=urls["serve"])
    words = [word for argument in given for word in argument]
    head = ["python3", "-m", "sglang_router.launch_router", "--host", "0.0.0.0"]  # noqa: S104 -- in a container
    return {
        "image": _asked("IMAGE"),
        "entrypoint": [*head, "--port", str(PORT), *words],
        "ports": [FRONT],
        "depends_on": _healthy([name for name, _, _ in names]),
    }


def _healthy(replicas: list[str]) -> Document:
    return {name: {"condition": "service_healthy"} for name in replicas}


def _variable(word: str) -> str:
    """The reader's variable, which compose refuses to leave out."""
    for name in ("MODEL", "DRAFT_MODEL"):
        word = word.replace(f"${{{name}}}", _asked(name))
    return word


def _asked(name: str) -> str:
    return f"${{{name}:?is not set}}"
