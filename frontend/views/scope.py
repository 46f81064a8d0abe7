"""Who may see a page: signed in, a member of the project, and with the role that the page asks for."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from planner.services import projects

View = Callable[..., HttpResponse]


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


def in_project(role: str = "viewer") -> Callable[[View], View]:
    """Resolve `slug` to a project in which the reader has the role, and pass it to the view."""

    def decorate(view: View) -> View:
        @signed_in
        @wraps(view)
        def inner(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
            project = projects.by_slug(request.user, slug)
            request.project = project  # type: ignore[attr-defined]
            request.role = projects.role(request.user, project)  # type: ignore[attr-defined]
            projects.require(request.user, project, role)
            if request.session.get("project") != slug:
                request.session["project"] = slug
            return view(request, project, **kwargs)

        return inner

    return decorate
