"""`/projects`: the rooms that the caller is in, and who else is there."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.responses import Status

from planner.api.auth import caller, needs
from planner.api.problem import refuse
from planner.api.schemas import (
    MemberAsked,
    MemberOut,
    MemberPage,
    ProjectAsked,
    ProjectOut,
    ProjectPage,
    member_out,
    project_out,
)
from planner.models import Membership, Project, Role
from planner.services import projects
from planner.services.errors import not_found

router = Router(tags=["projects"])


@router.get("", auth=needs("projects:read"), response=ProjectPage, operation_id="list_projects")
def list_(request: HttpRequest) -> ProjectPage:
    """List the projects that the caller reaches."""
    who = caller(request)
    found = who.reachable()
    roles = dict(Membership.objects.filter(user=who.user, project__in=found).values_list("project_id", "role"))
    return ProjectPage(items=[project_out(project, roles[project.pk]) for project in found])


@router.post("", auth=needs("projects:write"), response={201: ProjectOut}, operation_id="create_project")
def create(request: HttpRequest, response: HttpResponse, body: ProjectAsked) -> Status[ProjectOut]:
    """Create a project; the caller owns it."""
    who = caller(request)
    if who.token and who.token.project_id:
        message = "This token is bound to one project and cannot make another."
        raise refuse(HTTPStatus.FORBIDDEN, "bound_token", message, hint="Use a token of all projects, or the page.")
    project = projects.create(who.user, body.name)
    response["Location"] = f"/api/v1/projects/{project.slug}"
    return Status(HTTPStatus.CREATED, project_out(project, Role.OWNER))


@router.get("/{slug:slug}", auth=needs("projects:read"), response=ProjectOut, operation_id="read_project")
def read(request: HttpRequest, slug: str) -> ProjectOut:
    """Read one project."""
    who = caller(request)
    project = who.project(slug)
    return project_out(project, projects.require(who.user, project, Role.VIEWER))


@router.get("/{slug:slug}/members", auth=needs("projects:read"), response=MemberPage, operation_id="list_members")
def members(request: HttpRequest, slug: str) -> MemberPage:
    """List a project's members."""
    found = projects.members(caller(request).project(slug))
    return MemberPage(items=[member_out(membership) for membership in found])


@router.put(
    "/{slug:slug}/members/{username}", auth=needs("projects:write"), response=MemberOut, operation_id="set_member"
)
def set_member(request: HttpRequest, slug: str, username: str, body: MemberAsked) -> MemberOut:
    """Make a user a member, or give a member another role. Takes an owner."""
    who = caller(request)
    project = who.project(slug, Role.OWNER)
    member = _member(project, username)
    if member is None:
        return member_out(projects.add_member(project, username, body.role, by=who.user))
    return member_out(projects.set_role(project, member.user, body.role, by=who.user))


@router.delete(
    "/{slug:slug}/members/{username}", auth=needs("projects:write"), response={204: None}, operation_id="remove_member"
)
def remove_member(request: HttpRequest, slug: str, username: str) -> Status[None]:
    """End a membership: owners may end any, members their own. The last owner stays."""
    who = caller(request)
    project = who.project(slug)
    member = _member(project, username)
    if member is None:
        projects.require(who.user, project, Role.OWNER)
        raise not_found("member")
    projects.remove(project, member.user, by=who.user)
    return Status(HTTPStatus.NO_CONTENT, None)


def _member(project: Project, username: str) -> Membership | None:
    return next((member for member in projects.members(project) if member.user.username == username), None)
