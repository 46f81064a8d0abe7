"""Error pages: what happened, and what to do next. The 500 page asks nothing of the database."""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from frontend.shell import SHEETS


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 where the body was too large."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "errors/413.html", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return render(request, "errors/400.html", status=HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: which role is needed, and who can give it."""
    return render(request, "errors/403.html", {"reason": str(exception)}, status=HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it
    """404: the same for what does not exist and for what is not the reader's."""
    return render(request, "errors/404.html", status=HTTPStatus.NOT_FOUND)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django passes it
    """403 for a form that is too old or comes from elsewhere."""
    return render(request, "errors/csrf.html", status=HTTPStatus.FORBIDDEN)


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- Django passes it
    """500, drawn without context processors: the database may be what is broken."""
    return HttpResponse(
        render_to_string("errors/500.html", {"shell": {"sheets": SHEETS}}), status=HTTPStatus.INTERNAL_SERVER_ERROR
    )
