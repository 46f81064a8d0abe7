"""Kubernetes: a plan as an indexed Job, one pod a node, with a headless Service by which pods find the first."""

from typing import Any

from solvers.documents import Document, dump_yaml
from solvers.exports.kubernetes import headless
from solvers.exports.shell import comment, needs, script
from solvers.training.exports.launchers import Launch, launch
from solvers.training.exports.planned import Planned, planned

MANIFEST, APPLY = "job.yaml", "apply.sh"
PORT = 29500
IMAGE, CLAIM = "${IMAGE}", "${DATA_CLAIM}"


def write(result: Document) -> dict[str, str]:
    """Manifest, the script that fills it in and applies it, and what the pods start."""
    plan, start = planned(result), launch(result)
    name = f"isoflop-{result['spec_hash'][:8]}"
    head = comment(
        [
            f"{start.framework}: {plan.title}, {plan.label}, on {plan.nodes} x {plan.gpus_per_node} {plan.gpu.shown}.",
            f"{APPLY} puts in the image and the volume claim. Networks with RDMA want the resource of their device",
            "plug-in beside the GPUs, under a name that each cluster chooses.",
        ]
    )
    manifests = "---\n".join(dump_yaml(part) for part in (headless(name, port=PORT), _job(plan, start, name)))
    return {MANIFEST: f"{head}\n{manifests}", APPLY: _apply(plan, start, name), **start.files}


def _job(plan: Planned, start: Launch, name: str) -> Document:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "isoflop"}},
        "spec": {
            "completionMode": "Indexed",
            "completions": plan.nodes,
            "parallelism": plan.nodes,
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/managed-by": "isoflop"}},
                "spec": {
                    "restartPolicy": "OnFailure",
                    "subdomain": name,
                    "containers": [_container(plan, start, name)],
                    "volumes": [
                        {"name": "scripts", "configMap": {"name": f"{name}-scripts"}},
                        {"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}},
                        {"name": "shared-memory", "emptyDir": {"medium": "Memory"}},
                    ],
                },
            },
        },
    }


def _container(plan: Planned, start: Launch, name: str) -> Document:
    resource = "amd.com/gpu" if plan.gpu.vendor.upper() == "AMD" else "nvidia.com/gpu"
    environment: list[Document] = [
        {"name": "MASTER_ADDR", "value": f"{name}-0.{name}"},
        {"name": "MASTER_PORT", "value": str(PORT)},
        {
            "name": "NODE_RANK",
            "valueFrom": {
                "fieldRef": {"fieldPath": "metadata.annotations['batch.kubernetes.io/job-completion-index']"}
            },
        },
    ]
    found: dict[str, Any] = {
        "name": "trainer",
        "image": IMAGE,
        "command": ["bash", f"/isoflop/{start.start}"],
        "env": environment,
        "envFrom": [{"configMapRef": {"name": f"{name}-settings"}}],
        "ports": [{"name": "rendezvous", "containerPort": PORT}],
        "resources": {"limits": {resource: str(plan.gpus_per_node)}},
        "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
        "volumeMounts": [
            {"name": "scripts", "mountPath": "/isoflop"},
            {"name": "data", "mountPath": "/data"},
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108 -- the pod's own memory, not a shared file
        ],
    }
    return found


def _apply(plan: Planned, start: Launch, name: str) -> str:
    wanted = [
        ("IMAGE", f"container image with {start.framework}"),
        ("DATA_CLAIM", "persistent volume claim that pods see as /data"),
        *start.wanted,
    ]
    files = " \\\n  ".join(f'--from-file="${{HERE}}/{file}"' for file in start.files)
    values = " \\\n  ".join(f'--from-literal={variable}="${{{variable}}}"' for variable, _ in start.wanted)
    pipe = "--dry-run=client -o yaml | kubectl apply -f -"
    return script(
        [f"Applies {MANIFEST}: {start.framework}, {plan.title}, {plan.label}. Paths are those inside the pods."],
        needs(wanted),
        'HERE="$(cd "$(dirname "$0")" && pwd)"\nMANIFEST="$(<"${HERE}/' + MANIFEST + '")"\n'
        "# shellcheck disable=SC2016  # the manifest's own words\n"
        f"MANIFEST=\"${{MANIFEST//'{IMAGE}'/${{IMAGE}}}}\"\n"
        "# shellcheck disable=SC2016\n"
        f"MANIFEST=\"${{MANIFEST//'{CLAIM}'/${{DATA_CLAIM}}}}\"",
        f"kubectl create configmap {name}-scripts \\\n  {files} \\\n  {pipe}",
        f"kubectl create configmap {name}-settings \\\n  {values} \\\n  {pipe}",
        'kubectl apply -f - <<< "${MANIFEST}"',
    )
