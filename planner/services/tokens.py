"""Bearer tokens: made once, shown once, kept as a hash."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from planner.models import Project, Role, Token
from planner.services import audit, projects, secret_words
from planner.services.errors import invalid, not_found

SCOPES = {
    "runs:read": "read runs, results and forecasts",
    "runs:write": "submit, name and cancel runs, freeze and score forecasts",
    "projects:read": "read projects and members",
    "projects:write": "create projects, change members",
    "catalogue:write": "change the project's own catalogue",
    "nodes:read": "read nodes, jobs and measurements",
    "nodes:write": "attach, drain and remove nodes, start and cancel jobs",
    "admin": "everything its user may do",
}
PREFIX = "if_"
SHOWN = 8
MAX_DAYS = 366
# last_used is a fact for people; a write on each request would cost more than it tells.
LAST_USED_STEP = timedelta(minutes=1)


@transaction.atomic
def issue(
    user: User, project: Project | None, *, name: str, scopes: list[str] | tuple[str, ...], days: int
) -> tuple[Token, str]:
    """A new token and its plain text, which exists nowhere else. `project` None: for all of the user's projects."""
    if project is not None:
        projects.require(user, project, Role.VIEWER)
    _check(name, scopes, days)
    plain = secret_words.make(PREFIX)
    token = Token.objects.create(
        user=user,
        project=project,
        name=name.strip(),
        prefix=plain[:SHOWN],
        digest=secret_words.digest(plain),
        scopes=sorted(set(scopes)),
        expires=timezone.now() + timedelta(days=days),
    )
    details = {"name": token.name, "prefix": token.prefix, "scopes": token.scopes, "days": days}
    audit.record(user, "token.issued", token.id, project=project, details=details)
    return token, plain


def authenticate(plain: str) -> Token | None:
    """The token, with its user and project, if it is alive; None otherwise."""
    if not plain.startswith(PREFIX):
        return None
    alive = Token.objects.filter(
        digest=secret_words.digest(plain), revoked=None, expires__gt=Now(), user__is_active=True
    )
    token = alive.select_related("user", "project").first()
    if token is not None:
        _touch(token)
    return token


def allows(token: Token, scope: str) -> bool:
    """Whether the token reaches `scope`."""
    return scope in token.scopes or "admin" in token.scopes


def visible(user: User, project: Project) -> list[Token]:
    """The project's tokens: an owner sees all of them, others their own."""
    tokens = Token.objects.filter(project=project).select_related("user").order_by("-created")
    return list(tokens if projects.role(user, project) == Role.OWNER else tokens.filter(user=user))


@transaction.atomic
def revoke(token: Token, *, user: User) -> Token:
    """Ends the token at once; its user may, and an owner of its project."""
    owns = token.project is not None and projects.role(user, token.project) == Role.OWNER
    if token.user_id != user.pk and not owns:
        raise not_found("token")
    if token.revoked is None:
        token.revoked = timezone.now()
        token.save(update_fields=["revoked"])
        audit.record(user, "token.revoked", token.id, project=token.project, details={"prefix": token.prefix})
    return token


def _touch(token: Token) -> None:
    stale = Q(last_used=None) | Q(last_used__lt=Now() - LAST_USED_STEP)
    Token.objects.filter(stale, id=token.id).update(last_used=Now())


def _check(name: str, scopes: list[str] | tuple[str, ...], days: int) -> None:
    if not name.strip() or len(name) > 100:
        raise invalid("name", "A token's name has 1 to 100 characters.", at="/name", hint="Say where it will be used.")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        which = f"There is no scope '{unknown[0][:30]}'." if unknown else "A token needs a scope."
        raise invalid("scope", which, at="/scopes", hint=f"Scopes: {', '.join(SCOPES)}.")
    if not 1 <= days <= MAX_DAYS:
        raise invalid("days", f"A token lives 1 to {MAX_DAYS} days.", at="/days")
