"""Who may see a page: signed in, a member of the project, and with the role that the page asks for."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from planner.models import Project
from planner.services import projects
from planner.services.errors import Forbidden, NotFound

View = Callable[..., HttpResponse]


class SignedIn(HttpRequest):
    """A request of somebody known."""

    user: User


class InProject(SignedIn):
    """A request of a member of a project."""

    project: Project
    role: str


def signed_in(view: View) -> View:
    """Send a stranger to the sign-in page; a partial asks the browser to go there instead of swapping the page in."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(reverse("sign-in"))
        return redirect_to_login(request.get_full_path())

    return inner


def in_project(least: str = "viewer") -> Callable[[View], View]:
    """Resolve `slug` to a project in which the reader has this role or a higher one, and pass it to the view.

    Another's project is 404; a role too small is 403, as is what a service refuses for it later.
    """

    def decorate(view: View) -> View:
        @signed_in
        @wraps(view)
        def inner(request: InProject, slug: str, **kwargs: Any) -> HttpResponse:
            try:
                _enter(request, slug, least)
                return view(request, request.project, **kwargs)
            except NotFound as error:
                raise Http404(str(error)) from error
            except Forbidden as error:
                raise PermissionDenied(error.problems[0].message) from error

        return inner

    return decorate


def _enter(request: InProject, slug: str, least: str) -> None:
    request.project = projects.find(request.user, slug)
    if request.session.get("project") != slug:
        request.session["project"] = slug
    request.role = projects.require(request.user, request.project, least)


def reader(request: HttpRequest) -> User:
    """The signed-in person, behind `signed_in` or `in_project`."""
    return cast("User", request.user)
