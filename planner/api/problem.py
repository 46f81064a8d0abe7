"""Every error as `application/problem+json` (RFC 9457), with the same problems that pages and the command line show."""

import json
import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from solvers.errors import Problem

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:isoflop:problem:"

log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is answered with an error status."""

    def __init__(self, status: int, *problems: Problem, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.problems, self.headers = status, problems, headers or {}
        super().__init__(status, *problems)


def refuse(status: int, code: str, message: str, *, at: str = "", hint: str = "", **headers: str) -> Refusal:
    """A refusal with one problem; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal(status, Problem(code, message, at, hint), headers=named)


def not_found(what: str = "There is nothing at this address, or it is not yours to see.") -> Refusal:
    """The same answer for what does not exist and for what belongs to others."""
    return refuse(HTTPStatus.NOT_FOUND, "not_found", what)


def answer(
    request: HttpRequest, status: int, problems: Iterable[Problem], headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The response that says what is wrong."""
    listed = [problem.document() for problem in problems]
    title = HTTPStatus(status).phrase
    document = {
        "type": TYPE + (listed[0]["code"] if listed else "error"),
        "title": title,
        "status": int(status),
        "detail": listed[0]["message"] if listed else title,
        "instance": request.path,
        "problems": listed,
    }
    body = json.dumps(document, ensure_ascii=True)
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def internal(request: HttpRequest, error: Exception | None) -> HttpResponse:
    """The answer to our own mistake: nothing of it is shown, all of it is logged."""
    if error is not None:
        log.error("unexpected error in %s %s", request.method, request.path, exc_info=error)
    problem = Problem("internal", "Isoflop failed. This is our mistake and has been logged.", "", "Try again later.")
    return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, [problem])


def unavailable(request: HttpRequest) -> HttpResponse:
    """The answer while the database cannot be reached."""
    problem = Problem("unavailable", "The database cannot be reached.", "", "Try again in a few seconds.")
    return answer(request, HTTPStatus.SERVICE_UNAVAILABLE, [problem], {"Retry-After": "2"})
