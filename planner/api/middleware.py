"""What happens around every API request: errors that Django words itself become problems, counts are kept."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase

from planner.api import problem
from planner.api.monitoring import REQUESTS
from solvers.documents import KEEP
from solvers.errors import Problem

View = Callable[[HttpRequest], HttpResponseBase]

PREFIX = "/api/"
# Where Django or a middleware answers before any operation of ours.
WORDS = {
    400: ("bad_request", "The request is malformed.", ""),
    403: ("forbidden", "This is not allowed.", ""),
    404: ("not_found", "There is nothing at this address.", "GET /api/v1/openapi.json lists all addresses."),
    405: ("method", "This address does not answer that method.", "The header Allow lists those it does."),
    413: ("too_large", "The body is too large.", KEEP),
}
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def problem_responses(get_response: View) -> View:
    """Makes every error below /api/ a problem document."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(PREFIX):
            return get_response(request)
        response = _nul(request) or _worded(request, get_response(request))
        allowance = getattr(request, "allowance", None)
        for name, value in (allowance.headers() if allowance else {}).items():
            response[name] = value
        REQUESTS.labels(method=request.method, status=str(response.status_code)).inc()
        return response

    return answer


def _nul(request: HttpRequest) -> HttpResponseBase | None:
    """Postgres holds no NUL: an address with one cannot name anything."""
    if "\0" not in request.path and "%00" not in request.META.get("QUERY_STRING", ""):
        return None
    found = Problem("bad_character", "The address holds a NUL character.", "", "Remove it.")
    return problem.answer(request, HTTPStatus.BAD_REQUEST, [found])


def _worded(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response, put as a problem if it is an error in somebody else's words."""
    status = response.status_code
    if status < HTTPStatus.BAD_REQUEST or response.get("Content-Type") == problem.MEDIA_TYPE:
        return response
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem.internal(request, None)
    code, message, hint = WORDS.get(status, ("error", HTTPStatus(status).phrase, ""))
    headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    return problem.answer(request, status, [Problem(code, message, "", hint)], headers)
