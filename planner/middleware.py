"""What every request passes: a number that ties its log lines together, and a limit on its size."""

import time
from collections.abc import Callable
from uuid import uuid4

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.exceptions import TemplateDoesNotExist
from django.template.loader import render_to_string

from solvers.documents import KEEP

View = Callable[[HttpRequest], HttpResponseBase]

log = structlog.get_logger(__name__)
QUIET = ("/static/", "/healthz", "/readyz", "/metrics")
CHUNK = 64 * 1024
# A body somewhat too large is read to its end, so that the client gets the answer instead of a broken pipe.
DRAIN_BYTES = 32 * 1024 * 1024


def request_log(get_response: View) -> View:
    """Names each request, and logs how it went: method, path without its query, status, milliseconds."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        request_id = uuid4().hex[:16]
        started = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = get_response(request)
            if not request.path.startswith(QUIET):
                log.info(
                    "request",
                    method=request.method,
                    path=request.path,
                    status=response.status_code,
                    milliseconds=round((time.monotonic() - started) * 1000, 1),
                )
        response["X-Request-Id"] = request_id
        return response

    return answer


def request_size(get_response: View) -> View:
    """Answers 413 to a body that is larger than anything we accept, before any of it is parsed."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        if size <= settings.MAX_REQUEST_BYTES:
            return get_response(request)
        _drain(request, size)
        return too_large(request, size)

    return answer


def too_large(request: HttpRequest, size: int) -> HttpResponse:
    """The 413, as a page for people and as a problem for programs."""
    message = f"The request has {size:,} bytes; {settings.MAX_REQUEST_BYTES:,} is the most."
    problem = {"code": "too_large", "message": message, "at": "", "hint": KEEP}
    if "text/html" in request.headers.get("Accept", ""):
        try:
            return HttpResponse(render_to_string("errors/413.html", {"problem": problem}, request), status=413)
        except TemplateDoesNotExist:
            return HttpResponse(f"{message} {KEEP}", status=413, content_type="text/plain")
    document = {"type": "about:blank", "title": "Too large", "status": 413, "detail": message, "problems": [problem]}
    return JsonResponse(document, status=413, content_type="application/problem+json")


def _drain(request: HttpRequest, size: int) -> None:
    left = min(size, DRAIN_BYTES)
    while left > 0 and (chunk := request.read(min(CHUNK, left))):
        left -= len(chunk)
