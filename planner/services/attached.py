"""Attached machines in the catalogue: which record is a node's GPU, and a record of its own for a node without any."""

from collections.abc import Callable, Sequence

from django.contrib.auth.models import User

from planner.models import CatalogueEntry, Measurement, Node, Project
from planner.models.catalogue import Section
from planner.services import catalogue as own
from solvers import catalogue
from solvers.catalogue import Gpu, attached
from solvers.documents import Document
from solvers.errors import IsoflopError


def gpus(project: Project) -> list[Gpu]:
    """Every GPU that a spec of the project can name or whose node it can: its own first."""
    resolve = own.resolver(project)
    found = (_gpu(section, entry.document, resolve) for section in OWN for entry in own.entries(project, section))
    shipped = (catalogue.get(Section.GPUS, name) for name in catalogue.names(Section.GPUS))
    return [*(gpu for gpu in found if gpu is not None), *shipped]


def known(records: Sequence[Gpu], name: str) -> Gpu | None:
    """The record of the device that calls itself `name`."""
    return next((gpu for gpu in records if attached.is_same(gpu, name)), None)


def node_of(records: Sequence[Gpu], measurement: Measurement) -> Document | None:
    """What measured, as specs write nodes: one GPU, or the threads of a CPU; None where no record is of the GPU."""
    if measurement.device == "cuda":
        gpu = known(records, measurement.name)
        return attached.gpu_node(gpu) if gpu else None
    said = measurement.node.capability
    cores = min(measurement.document["environment"]["threads"], said["cpu"]["cores"])
    return attached.cpu_node({**said, "cpu": {**said["cpu"], "cores": cores}}, name="node")


def record_of(node: Node) -> CatalogueEntry | None:
    """The project's record of hardware that was made of this node's CPU."""
    title = attached.cpu_node(node.capability, name=node.name)["gpu"]["title"]
    made = own.entries(node.project, Section.NODES)
    return next((entry for entry in made if _title(entry.document) == title), None)


def save(node: Node, *, name: str, user: User) -> CatalogueEntry:
    """Adds the node's CPU to the project's hardware as `name`. SpecError says what is wrong with the name."""
    return own.save(node.project, Section.NODES, attached.cpu_node(node.capability, name=name), user=user)


OWN = (Section.GPUS, Section.NODES)


def _gpu(section: str, document: Document, resolve: Callable[[Document], Document]) -> Gpu | None:
    """The record's GPU; nothing where the record cannot be read any more, which the catalogue's page says."""
    try:
        record = own.record_of(section, document, resolve)
    except IsoflopError:
        return None
    return record.gpu if isinstance(record, catalogue.Node) else record if isinstance(record, Gpu) else None


def _title(document: Document) -> str:
    gpu = document.get("gpu")
    return str(gpu.get("title", "")) if isinstance(gpu, dict) else ""
