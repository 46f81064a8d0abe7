"""`/tokens`: what lets programs speak for a user in a project."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.responses import Status

from planner.api.auth import caller, needs
from planner.api.schemas import IssuedOut, TokenAsked, TokenPage, token_out
from planner.services import tokens
from planner.services.errors import not_found

router = Router(tags=["tokens"])

Project = Annotated[str, Query(max_length=60, description="The project's slug; a token's own project if left out.")]


@router.get("", auth=needs("admin"), response=TokenPage, operation_id="list_tokens")
def list_(request: HttpRequest, project: Project = "") -> TokenPage:
    """List a project's tokens: an owner sees all, others their own. Secrets are not kept."""
    who = caller(request)
    found = tokens.visible(who.user, who.project(project))
    return TokenPage(items=[token_out(token) for token in found])


@router.post("", auth=needs("admin"), response={201: IssuedOut}, operation_id="issue_token")
def issue(request: HttpRequest, response: HttpResponse, body: TokenAsked) -> Status[IssuedOut]:
    """Issue a token for the caller. Its secret is in this answer and nowhere else."""
    who = caller(request)
    project = who.project(body.project)
    token, secret = tokens.issue(who.user, project, name=body.name, scopes=body.scopes, days=body.days)
    response["Cache-Control"] = "no-store"
    return Status(HTTPStatus.CREATED, IssuedOut(token=token_out(token), secret=secret))


@router.delete("/{uuid:token_id}", auth=needs("admin"), response={204: None}, operation_id="revoke_token")
def revoke(request: HttpRequest, token_id: UUID) -> Status[None]:
    """Revoke a token: it stops working at once."""
    who = caller(request)
    for project in who.reachable():
        for token in tokens.visible(who.user, project):
            if token.id == token_id:
                tokens.revoke(token, user=who.user)
                return Status(HTTPStatus.NO_CONTENT, None)
    raise not_found("token")
