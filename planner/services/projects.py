"""Projects and their members."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from planner.models import Membership, Project, Role
from planner.services import audit
from planner.services.errors import Conflict, Forbidden, invalid, not_found
from solvers.errors import Problem

RANK = {role: rank for rank, role in enumerate(Role.values)}
SLUG, NAME = 50, 100


def for_user(user: User) -> QuerySet[Project]:
    """The projects that the user is a member of, by name."""
    return Project.objects.filter(memberships__user=user).order_by("name", "id")


@transaction.atomic
def create(user: User, name: str) -> Project:
    """A new project, owned by `user`."""
    name = name.strip()
    if not 1 <= len(name) <= NAME:
        raise invalid("name", "A project's name has 1 to 100 characters.", at="/name")
    project = Project.objects.create(slug=_free_slug(name), name=name, created_by=user)
    Membership.objects.create(project=project, user=user, role=Role.OWNER)
    audit.record(user, "project.created", project.slug, project=project)
    return project


def memberships(user: User) -> list[Membership]:
    """The user's memberships with their projects, in one query."""
    return list(Membership.objects.filter(user=user).select_related("project").order_by("project__name", "id"))


def find(user: User, slug: str) -> Project:
    """The project with this slug, if the user is a member; NotFound otherwise."""
    project = for_user(user).filter(slug=slug).first()
    if project is None:
        raise not_found("project")
    return project


def role(user: User, project: Project) -> str | None:
    """The user's role in the project, None without one."""
    return Membership.objects.filter(user_id=user.pk, project=project).values_list("role", flat=True).first()


def may(user: User, project: Project, least: str) -> bool:
    """Whether the user is still active and has the role `least` or above: for what is done in their name later."""
    held = role(user, project)
    return user.is_active and held is not None and RANK[held] >= RANK[least]


def require(user: User, project: Project, least: str) -> str:
    """The user's role, which is `least` or above: NotFound for outsiders, Forbidden below."""
    held = role(user, project)
    if held is None:
        raise not_found("project")
    if RANK[held] < RANK[least]:
        hint = "Ask an owner of the project."
        raise Forbidden(Problem("forbidden", f"This takes the role of {least}; yours is {held}.", "", hint))
    return held


def members(project: Project) -> list[Membership]:
    """The members with their users, in one query."""
    return list(project.memberships.select_related("user").order_by("user__username"))


@transaction.atomic
def add_member(project: Project, username: str, role: str, *, by: User) -> Membership:
    """Makes an existing user a member."""
    require(by, project, Role.OWNER)
    _known_role(role)
    member = User.objects.filter(username=username.strip(), is_active=True).first()
    if member is None:
        hint = "An administrator makes accounts: manage.py adduser NAME."
        raise invalid("unknown_user", f"There is no user called '{username[:80]}'.", at="/username", hint=hint)
    membership, made = Membership.objects.get_or_create(project=project, user=member, defaults={"role": role})
    if not made:
        raise Conflict(
            Problem("member", f"{member.username} is a member already.", "/username", "Change the role instead.")
        )
    audit.record(by, "member.added", member.username, project=project, details={"role": role})
    return membership


@transaction.atomic
def set_role(project: Project, member: User, role: str, *, by: User) -> Membership:
    """Gives a member another role; a project keeps at least one owner."""
    require(by, project, Role.OWNER)
    _known_role(role)
    membership = _locked(project, member)
    if membership.role == Role.OWNER and role != Role.OWNER:
        _another_owner(project, member)
    details = {"from": membership.role, "to": role}
    membership.role = role
    membership.save(update_fields=["role"])
    audit.record(by, "member.role", member.username, project=project, details=details)
    return membership


@transaction.atomic
def remove(project: Project, member: User, *, by: User) -> None:
    """Ends a membership; members may leave, owners may remove others."""
    require(by, project, Role.VIEWER if member.pk == by.pk else Role.OWNER)
    membership = _locked(project, member)
    if membership.role == Role.OWNER:
        _another_owner(project, member)
    membership.delete()
    audit.record(by, "member.removed", member.username, project=project)


def _locked(project: Project, user: User) -> Membership:
    list(project.memberships.select_for_update().filter(role=Role.OWNER))
    membership = project.memberships.select_for_update().filter(user=user).first()
    if membership is None:
        raise not_found("member")
    return membership


def _another_owner(project: Project, user: User) -> None:
    if not project.memberships.filter(role=Role.OWNER).exclude(user=user).exists():
        hint = "Make somebody else an owner first."
        raise Conflict(Problem("last_owner", "A project needs an owner, and this is the last one.", "", hint))


def _known_role(role: str) -> None:
    if role not in RANK:
        raise invalid("role", f"There is no role '{role[:20]}'.", at="/role", hint=f"Roles: {', '.join(RANK)}.")


def _free_slug(name: str) -> str:
    base = slugify(name)[:SLUG].strip("-") or "project"
    taken = set(Project.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 2))]
    return next(slug for slug in candidates if slug not in taken)
