"""What every Kubernetes manifest of ours has in common."""

from solvers.documents import Document


def headless(name: str, *, port: int) -> Document:
    """The Service without an address by which the pods of the Job `name` find the first of them."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {"batch.kubernetes.io/job-name": name},
            "ports": [{"name": "rendezvous", "port": port}],
        },
    }
