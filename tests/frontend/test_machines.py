"""Attached machines in words."""

import pytest

from frontend import machines
from planner.models import Node, NodeState
from planner.services import projects
from tests import nodes

pytestmark = pytest.mark.django_db


@pytest.fixture
def node(project) -> Node:
    return nodes.join(project).node


@pytest.fixture
def project(django_user_model):
    return projects.create(django_user_model.objects.create_user("ada"), "Search LM")


@pytest.mark.parametrize(
    ("state", "torch", "online", "said"),
    [
        (NodeState.ACTIVE, "2.13.0", True, ("good", "online")),
        (NodeState.ACTIVE, "", True, ("warn", "online, no torch")),
        (NodeState.DRAINING, "2.13.0", True, ("warn", "draining")),
        (NodeState.ACTIVE, "2.13.0", False, ("bad", "offline")),
        (NodeState.DRAINING, "2.13.0", False, ("bad", "offline, draining")),
        (NodeState.REMOVED, "2.13.0", True, ("", "removed")),
    ],
)
def test_a_nodes_standing_says_whether_jobs_reach_it(node, state, torch, online, said):
    node.state, node.capability = state, {**node.capability, "torch": torch}
    if not online:
        node.last_seen = node.last_seen.replace(year=2020)

    found = machines.standing(node)

    assert (found.badge, found.word) == said
    assert bool(found.hint) == (said != ("good", "online"))


def test_a_node_whose_clock_is_wrong_is_told_by_how_much(node):
    node.capability = {**node.capability, "clock_off_s": -3600.0}

    found = machines.standing(node)

    assert (found.badge, found.word) == ("warn", "online, wrong clock")
    assert found.hint.startswith("Its clock is 3,600 s behind the server's, and it therefore gets no jobs.")


def test_what_it_is_names_each_sort_of_gpu_once(node):
    two = {**nodes.H200, "name": "NVIDIA L4", "memory_bytes": 24e9}

    assert machines.summary({**node.capability, "gpus": [nodes.H200, nodes.H200, two]}) == (
        "2 × NVIDIA H200 of 150 GB, 1 × NVIDIA L4 of 24 GB"
    )


def test_recipes_that_it_lacks_or_has_otherwise_are_told(node):
    known = {name: version for name, version in node.capability["recipes"].items() if name != "gemm"}

    told = machines.measures({**node.capability, "recipes": {**known, "attention": 99}})

    assert [(name, lacking) for name, _, lacking in told if lacking] == [
        ("gemm", "its agent does not offer this"),
        ("attention", "its agent has version 99, the server 1"),
    ]


@pytest.mark.parametrize(
    ("name", "proper"), [("Our Box (new)", "our-box-new"), ("node7.lab", "node7.lab"), ("<>", "our-node")]
)
def test_a_name_for_the_catalogue_is_suggested(name, proper):
    assert machines.proper(name) == proper
