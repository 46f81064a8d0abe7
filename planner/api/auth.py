"""Who calls: a bearer token or a signed-in browser, never both at once.

A token acts as its user, within its scopes and its project. A browser acts within its user's roles, and must show
the CSRF token for anything but reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware

from planner.api.limits import Allowance, Buckets
from planner.api.problem import refuse
from planner.models import Project, Role, Token
from planner.services import logins, projects, tokens
from planner.services.errors import not_found

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CHALLENGE = 'Bearer realm="isoflop"'


@dataclass(frozen=True)
class Caller:
    """The user who acts, and the token through which, if it is one."""

    user: User
    token: Token | None = None

    def project(self, slug: str, least: str = Role.VIEWER) -> Project:
        """The project, if the caller reaches it and its role is at least `least`.

        Without a slug it is the token's own. NotFound hides what exists elsewhere.
        """
        own = self.token.project if self.token else None
        if not slug and own is None:
            known = ", ".join(projects.for_user(self.user).values_list("slug", flat=True)[:20])
            hint = f"Yours: {known}." if known else "Create one first: POST /api/v1/projects."
            raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "missing", "Say which project.", at="/project", hint=hint)
        if own is not None and slug not in ("", own.slug):
            raise not_found("project")
        project = own if own is not None else projects.find(self.user, slug)
        projects.require(self.user, project, least)
        return project

    def reachable(self) -> list[Project]:
        """The projects that the caller can name."""
        found = projects.for_user(self.user)
        return list(found.filter(pk=self.token.project_id) if self.token and self.token.project_id else found)


def caller(request: HttpRequest) -> Caller:
    """Who made this request; ninja has put it there once the authentication below agreed."""
    found: Caller = request.auth  # type: ignore[attr-defined]  # ninja adds it
    return found


class Bearer:
    """`Authorization: Bearer if_...` with a scope."""

    openapi_security_schema: ClassVar[dict[str, str]] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token: `if_...`.",
    }

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Caller | None:
        """The caller; None leaves the decision to the session. Refusal: 400, 401, 403, 429."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            message = "The request carries a token and a session; one of them must go."
            hint = "Send the token without cookies."
            raise refuse(HTTPStatus.BAD_REQUEST, "two_credentials", message, hint=hint)
        scheme, _, plain = header.partition(" ")
        token = tokens.authenticate(plain.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            spend(request, f"stranger {logins.address_of(request)}")
            raise _unauthenticated("The token is wrong, has expired, or was revoked.", error="invalid_token")
        spend(request, f"token {token.pk}")
        if self.scope and not tokens.allows(token, self.scope):
            message = f"The token lacks the scope {self.scope}; it has {', '.join(token.scopes)}."
            hint = "Issue a token with that scope on the page Tokens."
            challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{self.scope}"'
            raise refuse(HTTPStatus.FORBIDDEN, "scope", message, hint=hint, WWW_Authenticate=challenge)
        return Caller(user=token.user, token=token)


class CsrfCheck(CsrfViewMiddleware):
    """Django's check, which here says no by an answer of its own and not by a page."""

    def _reject(self, _request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponseForbidden(reason)

    @classmethod
    def passes(cls, request: HttpRequest) -> bool:
        """Whether the request carries the CSRF token of its session."""
        check = cls(lambda _request: HttpResponse())
        request.csrf_processing_done = False  # type: ignore[attr-defined]  # the middleware let API views pass
        check.process_request(request)
        return check.process_view(request, lambda _request: HttpResponse(), (), {}) is None


class Session:
    """A signed-in browser; unsafe methods need the CSRF token."""

    openapi_security_schema = {  # noqa: RUF012 -- ninja reads it from the class
        "type": "apiKey",
        "in": "cookie",
        "name": "isoflop",
        "description": "A browser's session, with X-CSRFToken for anything but reading.",
    }

    def __call__(self, request: HttpRequest) -> Caller:
        """The caller. Refusal: 401, 403, 429."""
        signed_in = settings.SESSION_COOKIE_NAME in request.COOKIES
        if request.method not in SAFE and signed_in and not CsrfCheck.passes(request):
            hint = "Send the header X-CSRFToken, or a bearer token instead of the session."
            raise refuse(HTTPStatus.FORBIDDEN, "csrf", "The CSRF token is missing or wrong.", hint=hint)
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            spend(request, f"stranger {logins.address_of(request)}")
            raise _unauthenticated("Who is calling? There is no token and no session.")
        spend(request, f"user {user.pk}")
        return Caller(user=user)


def needs(scope: str) -> Sequence[Any]:
    """The authentication of an operation: a token with this scope ("" for any), or a session."""
    return [Bearer(scope), Session()]


@cache
def buckets(per_minute: int) -> Buckets:
    """The one set of buckets of this process."""
    return Buckets(per_minute)


def spend(request: HttpRequest, who: str) -> Allowance:
    """Counts the request against its caller's bucket. Refusal: 429."""
    allowance = buckets(settings.API_REQUESTS_PER_MINUTE).spend(who)
    request.allowance = allowance  # type: ignore[attr-defined]  # read by our middleware
    if allowance.retry_after_s:
        wait = str(int(allowance.retry_after_s) + 1)
        message = f"More than {allowance.limit_per_minute:,} requests a minute."
        hint = f"Wait {wait} s. A run is best watched with GET /runs/{{id}}?wait=30."
        raise refuse(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit", message, hint=hint, Retry_After=wait)
    return allowance


def _unauthenticated(message: str, error: str = "") -> Exception:
    challenge = f'{CHALLENGE}, error="{error}"' if error else CHALLENGE
    hint = "Make a token on the page Tokens; set ISOFLOP_TOKEN to it, or send 'Authorization: Bearer if_...'."
    return refuse(HTTPStatus.UNAUTHORIZED, "unauthenticated", message, hint=hint, WWW_Authenticate=challenge)
