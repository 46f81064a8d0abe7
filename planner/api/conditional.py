"""GET answers with an ETag: what the caller already holds is answered by 304 and an empty body."""

import hashlib
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags


def etag(*parts: str | bytes) -> str:
    """A strong ETag of what a response is made from."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return f'"{digest.hexdigest()[:32]}"'


def held(request: HttpRequest) -> frozenset[str]:
    """The ETags that the caller says it holds."""
    return frozenset(tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", "")))


def respond(
    request: HttpRequest, body: str | bytes, *, tag: str, media_type: str, headers: Iterable[tuple[str, str]] = ()
) -> HttpResponse:
    """The body with its ETag, or 304."""
    have = held(request)
    if tag in have or "*" in have:
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = HttpResponse(body, content_type=media_type)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Authorization, Cookie, Accept"
    for name, value in headers:
        response[name] = value
    return response
