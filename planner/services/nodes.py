"""Attached machines as their project sees them: listed, drained, resumed, removed. They join in `services.joining`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Prefetch, QuerySet
from django.db.models.functions import Now

from planner.models import ON_NODE, Bell, Job, Node, NodeState, Project, Role
from planner.models.node import ONLINE
from planner.services import audit, credentials, outbox, projects, recovery
from planner.services.errors import Conflict, not_found
from solvers.documents import Document
from solvers.errors import Problem


def listed(project: Project) -> list[Node]:
    """The project's nodes by name, each with `current` (the jobs on it now)."""
    return list(_whole(Node.objects.filter(project=project)).exclude(state=NodeState.REMOVED).order_by("name", "id"))


def one(project: Project, node_id: UUID | str) -> Node:
    """The project's node with this id, removed or not; NotFound otherwise."""
    return _one(Node.objects.filter(project=project), node_id)


def one_of(user: User, node_id: UUID | str) -> Node:
    """The node with this id in any of the user's projects; NotFound otherwise."""
    return _one(Node.objects.filter(project__memberships__user=user), node_id)


@transaction.atomic
def drain(node: Node, *, user: User) -> Node:
    """Gives the node no more jobs; the one it runs goes on, one that it has not fetched yet goes elsewhere."""
    projects.require(user, node.project, Role.EDITOR)
    if _move(node, {NodeState.ACTIVE}, NodeState.DRAINING, user=user, action="node.drained"):
        recovery.drain(node)
        outbox.ring_bell(Bell.DISPATCH)
    return one(node.project, node.id)


@transaction.atomic
def resume(node: Node, *, user: User) -> Node:
    """Gives a draining node jobs again. Conflict where it was removed."""
    projects.require(user, node.project, Role.EDITOR)
    if _move(node, {NodeState.DRAINING}, NodeState.ACTIVE, user=user, action="node.resumed"):
        outbox.ring_bell(Bell.DISPATCH)
    elif Node.objects.filter(pk=node.pk, state=NodeState.REMOVED).exists():
        hint = "Join the machine again with a new token."
        raise Conflict(Problem("removed", "The node was removed and has no credential.", "", hint))
    return one(node.project, node.id)


@transaction.atomic
def remove(node: Node, *, user: User) -> None:
    """Ends the node: its credentials open nothing any more, its jobs go elsewhere without losing an attempt, or end."""
    projects.require(user, node.project, Role.EDITOR)
    if _move(node, {NodeState.ACTIVE, NodeState.DRAINING}, NodeState.REMOVED, user=user, action="node.removed"):
        credentials.revoke(node)
        recovery.clear(node)
        outbox.ring_bell(Bell.DISPATCH)


def heard(node: Node, *, capability: Document | None, agent_version: str) -> None:
    """Keeps what a node says of itself, if it says something new."""
    change: dict[str, Any] = {}
    if capability is not None and capability != node.capability:
        change["capability"] = capability
    if agent_version != node.agent_version:
        change["agent_version"] = agent_version
    if change:
        Node.objects.filter(pk=node.pk).update(**change)
        outbox.ring_bell(Bell.DISPATCH)


def last_seen(node: Node) -> datetime:
    """When the node was last heard of, by the database's clock."""
    return Node.objects.values_list("last_seen", flat=True).get(pk=node.pk)


@transaction.atomic
def left(node: Node) -> None:
    """The node's agent has ended: it is offline at once, and what was promised to it goes elsewhere."""
    Node.objects.filter(pk=node.pk).update(last_seen=Now() - ONLINE)
    recovery.drain(node)
    outbox.ring_bell(Bell.DISPATCH)


def counts() -> dict[str, int]:
    """How many nodes there are in each state."""
    found = dict(Node.objects.order_by().values_list("state").annotate(count=Count("id")))
    return {state: found.get(state, 0) for state in NodeState.values}


def online() -> int:
    """How many nodes were heard of lately."""
    return Node.objects.exclude(state=NodeState.REMOVED).filter(last_seen__gt=Now() - ONLINE).count()


def _move(node: Node, sources: set[NodeState], target: NodeState, *, user: User, action: str) -> bool:
    moved = Node.objects.filter(pk=node.pk, state__in=sources).update(state=target)
    if moved:
        audit.record(user, action, node.id, project=node.project, details={"name": node.name})
    return bool(moved)


def _one(found: QuerySet[Node], node_id: UUID | str) -> Node:
    try:
        node = _whole(found.filter(id=node_id)).first()
    except ValidationError:
        node = None
    if node is None:
        raise not_found("node")
    return node


def _whole(found: QuerySet[Node]) -> QuerySet[Node]:
    current = Job.objects.filter(state__in=ON_NODE).order_by("created", "id")
    jobs = Prefetch("jobs", current, to_attr="current")
    measured = Count("measurements", distinct=True)
    return found.select_related("project", "joined_by").prefetch_related(jobs).annotate(measured=measured)
