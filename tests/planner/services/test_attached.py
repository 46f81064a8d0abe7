"""Attached machines and the catalogue."""

import pytest
from django.contrib.auth.models import User

from planner.models import Project
from planner.services import attached, catalogue, projects
from solvers.catalogue import gpu
from solvers.catalogue.attached import cpu_node, gpu_node
from tests import nodes

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return projects.create(User.objects.create_user("ada"), "Search LM")


def test_a_drivers_name_finds_the_catalogues_record(project: Project) -> None:
    records = attached.gpus(project)

    found = [attached.known(records, name) for name in ("NVIDIA H200", "ACME Cruncher")]
    assert [gpu and gpu.name for gpu in found] == ["h200-sxm", None]


def test_the_projects_own_record_comes_first(project: Project) -> None:
    own = {"name": "our-h200", "memory": "141 GB", "memory_bandwidth": "4 TB/s", "peak": {"bf16": "1 PFLOP/s"}}
    catalogue.save(project, "gpus", {**own, "aliases": ["NVIDIA H200"]}, user=project.created_by)

    found = attached.known(attached.gpus(project), "NVIDIA H200")

    assert found is not None
    assert found.name == "our-h200"


def test_a_cpus_record_is_found_again_by_what_it_is(project: Project) -> None:
    node, other = nodes.join(project).node, nodes.join(project, cpu={**nodes.CPU, "cores": 8}).node

    saved = attached.save(node, name="ours", user=project.created_by)

    assert (attached.record_of(node), attached.record_of(other)) == (saved, None)


def test_what_measured_is_a_gpu_of_the_catalogue_or_the_threads_of_a_cpu(project: Project) -> None:
    row = nodes.measured(project)
    row.document["environment"]["threads"] = 2
    records = attached.gpus(project)

    half = attached.node_of(records, row)
    row.device, row.name = "cuda", "NVIDIA H200"
    known = attached.node_of(records, row)
    row.name = "ACME Cruncher"

    assert half == cpu_node(nodes.capability(cpu={**nodes.CPU, "cores": 2}), name="node")
    assert known == gpu_node(gpu("h200-sxm"))
    assert attached.node_of(records, row) is None
