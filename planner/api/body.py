"""Request bodies: JSON or YAML, nothing else, read as strictly as a spec on disk."""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from ninja.parser import Parser

from planner.api.problem import Refusal, refuse
from solvers.documents import KEEP, MAX_BYTES, Document, read
from solvers.errors import IsoflopError, TooLarge

ACCEPTED = frozenset({"application/json", "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})


class StrictParser(Parser):
    """The parser that ninja calls for every operation with a body."""

    def parse_body(self, request: HttpRequest) -> Document:
        """The document in the body. Refusal: 413, 415, or 400 when it is neither JSON nor YAML."""
        try:
            return _document(request.content_type or "", _bytes(request))
        except TooLarge as error:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, *error.problems) from None
        except IsoflopError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, *error.problems) from None


def too_large() -> Refusal:
    """The answer to a body beyond any spec's size."""
    message = f"The body is larger than {MAX_BYTES:,} bytes."
    return refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message, hint=KEEP)


def spec_document(spec: Document | str) -> Document:
    """A spec given as a mapping, or as YAML in a text. SpecError says what is wrong with the text."""
    return read(spec) if isinstance(spec, str) else spec


def _bytes(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        raise too_large() from None
    except UnreadablePostError:
        raise refuse(HTTPStatus.BAD_REQUEST, "broken_body", "The body ended before its length.") from None


def _document(media_type: str, body: bytes) -> Document:
    if media_type in ACCEPTED:
        return read(body)
    message = f"A body of type '{media_type[:80]}' is not accepted." if media_type else "The body has no Content-Type."
    hint = "Send 'Content-Type: application/json' or 'Content-Type: application/yaml'."
    accepted = "application/json, application/yaml"
    raise refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media_type", message, hint=hint, Accept=accepted)
