"""llm-d: values of its model service's Helm chart, colocated or with prefill and decode apart.

Names are those of llm-d-modelservice 0.4; the inference pool before it is installed as llm-d's guides say.
"""

from typing import Any

from solvers.documents import Document
from solvers.exports.filling import filled, yaml
from solvers.exports.refuse import Rule, check
from solvers.exports.shell import comment, needs, script
from solvers.serving.exports import containers, kubernetes, vllm_arguments
from solvers.serving.exports.served import Replicas, Served, served

VALUES, INSTALL = "values.yaml", "install.sh"
CHART = "llm-d-modelservice/llm-d-modelservice"
SERVICE_PORT, ENGINE_PORT = 8000, 8200
# The first node answers; the others only compute.
FOLLOW = '[ "${LWS_WORKER_INDEX}" = 0 ] || set -- "$@" --headless; exec "$@"'


def write(result: Document) -> dict[str, str]:
    """The chart's values and the script that installs it."""
    plan = served(result)
    containers.checked(plan)
    check(_rules(plan))
    head = comment(
        [
            f"llm-d: {plan.title}, {plan.label}, on {plan.gpus} {plan.gpu}.",
            f"{INSTALL} puts in what only you know; the pool's scheduler picks the replica of each request.",
        ]
    )
    return {VALUES: f"{head}\n{yaml(_values(plan))}", INSTALL: _install(plan)}


def _rules(plan: Served) -> list[Rule]:
    return [
        Rule(plan.engine != "vllm", "/plan/engine/name", "llm-d's model service starts vLLM."),
        Rule(
            plan.routing == "round_robin" and plan.replicas > 1,
            "/plan/routing",
            "llm-d's scheduler looks at load and caches; it does not go in turn.",
        ),
    ]


def _values(plan: Served) -> Document:
    model = containers.model(plan)
    name = plan.published_as or plan.model.name
    return {
        "fullnameOverride": plan.name,
        "multinode": any(pool.nodes(plan.gpus_per_node) > 1 for pool in plan.pools),
        "modelArtifacts": {
            "name": name,
            "uri": f"hf://{model}",
            "size": _gib(plan),
            "authSecretName": "hf-token",
            "labels": {"llm-d.ai/inference-serving": "true", "llm-d.ai/model": plan.name},
        },
        "accelerator": {"type": "amd" if plan.vendor.upper() == "AMD" else "nvidia"},
        "routing": {
            "servicePort": SERVICE_PORT,
            "proxy": {"enabled": plan.apart, "connector": "nixlv2", "targetPort": ENGINE_PORT},
        },
        "decode": _pool(plan, plan.pools[-1]),
        "prefill": _pool(plan, plan.pools[0]) if plan.apart else {"create": False},
    }


def _pool(plan: Served, pool: Replicas) -> Document:
    """One pool, as a deployment or as groups of nodes."""
    gpus = containers.gpus(plan, pool)
    port = ENGINE_PORT if plan.apart and pool.role == "decode" else SERVICE_PORT
    nodes = pool.nodes(plan.gpus_per_node)
    found: dict[str, Any] = {
        "create": True,
        "replicas": pool.replicas,
        "parallelism": {
            "tensor": pool.tp,
            "data": pool.dp,
            "dataLocal": max(1, gpus // (pool.tp * pool.pp)),
            "workers": nodes,
        },
        "containers": [
            {
                "name": "vllm",
                "image": containers.IMAGE,
                **(_placed(plan, pool, port) if nodes > 1 else _plain(plan, pool)),
                "ports": [{"name": "metrics", "containerPort": port}],
                "resources": {"limits": {plan.resource: str(gpus)}, "requests": {plan.resource: str(gpus)}},
                "mountModelVolume": True,
                "volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}],  # noqa: S108 -- the pod's own
            }
        ],
        "volumes": [{"name": "shared-memory", "emptyDir": {"medium": "Memory"}}],
    }
    return found


def _plain(plan: Served, pool: Replicas) -> Document:
    """The chart gives the model, the port and the degrees of parallelism to vLLM; the rest are its arguments."""
    given = ("--tensor-parallel-size", "--pipeline-parallel-size", "--data-parallel-size")
    arguments = [argument for argument in vllm_arguments.arguments(plan, pool) if argument[0] not in given]
    stages = [("--pipeline-parallel-size", str(pool.pp))] if pool.pp > 1 else []
    words = [containers.plain(word) for argument in (*arguments, *stages) for word in argument]
    return {"modelCommand": "vllmServe", "args": words}


def _placed(plan: Served, pool: Replicas, port: int) -> Document:
    """The chart starts all nodes of a replica with the same words; each learns its place when it starts."""
    served_as = ["--served-model-name", plan.published_as or plan.model.name]
    words = [*containers.command(plan, pool, place=kubernetes.PLACE, port=port), *served_as]
    return {"modelCommand": "custom", "command": ["bash", "-c"], "args": [FOLLOW, "engine", *words]}


def _gib(plan: Served) -> str:
    """Room for the checkpoint: the sixteen-bit one with a quarter to spare."""
    room = 1.25 * 2 * plan.model.parameters / 1024**3
    return f"{max(10, round(room / 10 + 0.5) * 10)}Gi"


def _install(plan: Served) -> str:
    wanted = containers.wanted(plan)
    return script(
        [f"Installs {plan.title}, {plan.label}, with the chart of llm-d's model service."],
        needs(wanted),
        f'HERE="$(cd "$(dirname "$0")" && pwd)"\nVALUES="$(<"${{HERE}}/{VALUES}")"',
        filled("VALUES", (name for name, _ in wanted)),
        f'helm upgrade --install {plan.name} "${{CHART:-{CHART}}}" --values - "$@" <<< "${{VALUES}}"',
    )
