"""`/nodes`: attach machines to a project, see what they are, drain and remove them."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.responses import Status

from planner.api.auth import caller, needs
from planner.api.node_schemas import JoinTokenAsked, JoinTokenOut, NodeOut, NodePage, node_out
from planner.api.visible import node as visible
from planner.models import Role
from planner.services import joining, nodes

router = Router(tags=["nodes"])

Project = Annotated[str, Query(max_length=60, description="The project's slug; a token's own project if left out.")]


@router.post("/tokens", auth=needs("nodes:write"), response={201: JoinTokenOut}, operation_id="invite_node")
def invite(request: HttpRequest, response: HttpResponse, body: JoinTokenAsked) -> Status[JoinTokenOut]:
    """Make a join token: it attaches one machine within 15 minutes, and is in this answer and nowhere else."""
    who = caller(request)
    token, plain = joining.token(who.project(body.project, Role.EDITOR), user=who.user)
    response["Cache-Control"] = "no-store"
    command = joining.command(request.build_absolute_uri("/").rstrip("/"), plain)
    return Status(HTTPStatus.CREATED, JoinTokenOut(token=plain, expires=token.expires, command=command))


@router.get("", auth=needs("nodes:read"), response=NodePage, operation_id="list_nodes")
def list_(request: HttpRequest, project: Project = "") -> NodePage:
    """List a project's nodes with what they are and what they do now. Removed ones are left out."""
    return NodePage(items=[node_out(node) for node in nodes.listed(caller(request).project(project))])


@router.get("/{uuid:node_id}", auth=needs("nodes:read"), response=NodeOut, operation_id="read_node")
def read(request: HttpRequest, node_id: UUID) -> NodeOut:
    """Read a node."""
    return node_out(visible(caller(request), node_id))


@router.post("/{uuid:node_id}/drain", auth=needs("nodes:write"), response=NodeOut, operation_id="drain_node")
def drain(request: HttpRequest, node_id: UUID) -> NodeOut:
    """Give a node no more jobs; what it runs goes on."""
    who = caller(request)
    return node_out(nodes.drain(visible(who, node_id), user=who.user))


@router.post("/{uuid:node_id}/resume", auth=needs("nodes:write"), response=NodeOut, operation_id="resume_node")
def resume(request: HttpRequest, node_id: UUID) -> NodeOut:
    """Give a drained node jobs again. 409: it was removed."""
    who = caller(request)
    return node_out(nodes.resume(visible(who, node_id), user=who.user))


@router.delete("/{uuid:node_id}", auth=needs("nodes:write"), response={204: None}, operation_id="remove_node")
def remove(request: HttpRequest, node_id: UUID) -> Status[None]:
    """Remove a node: its credential opens nothing any more, its jobs go to others. What it measured stays."""
    who = caller(request)
    nodes.remove(visible(who, node_id), user=who.user)
    return Status(HTTPStatus.NO_CONTENT, None)
