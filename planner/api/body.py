"""Request bodies: JSON or YAML, nothing else, read as strictly as a spec on disk."""

import json
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from ninja.parser import Parser

from planner.api.problem import Refusal, refuse
from solvers.documents import MAX_BYTES, Document, check, read
from solvers.errors import IsoflopError, Problem, SpecError, TooLarge

JSON_TYPES = frozenset({"application/json"})
YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})
# A spec as YAML inside JSON grows by its escapes; what the spec itself may hold is checked when it is read.
LARGEST = 2 * MAX_BYTES


class StrictParser(Parser):
    """The parser that ninja calls for every operation with a body."""

    def parse_body(self, request: HttpRequest) -> Document:
        """The document in the body. Refusal: 413, 415, or 400 when it is neither JSON nor YAML."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            raise too_large()
        try:
            return _document(request.content_type or "", _bytes(request))
        except TooLarge as error:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, *error.problems) from None
        except IsoflopError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, *error.problems) from None


def too_large() -> Refusal:
    """The answer to a body beyond any spec's size."""
    message = f"The body is larger than {LARGEST:,} bytes."
    hint = "A spec names models and hardware; it does not carry data."
    return refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message, hint=hint)


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
    if media_type in JSON_TYPES:
        return _mapping(_json(body))
    if media_type in YAML_TYPES:
        return read(body)
    message = f"A body of type '{media_type[:80]}' is not accepted." if media_type else "The body has no Content-Type."
    hint = "Send 'Content-Type: application/json' or 'Content-Type: application/yaml'."
    accepted = "application/json, application/yaml"
    raise refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media_type", message, hint=hint, Accept=accepted)


def _json(body: bytes) -> Any:
    try:
        value = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_not_finite)
    except UnicodeDecodeError:
        raise SpecError(Problem("not_utf8", "The body is not UTF-8 text.", "", "Send it as UTF-8.")) from None
    except RecursionError:
        raise SpecError(Problem("too_deep", "The body is nested too deeply.", "", "Send a flatter document.")) from None
    except SpecError:
        raise
    except ValueError as error:
        message = f"The body is not JSON: {str(error)[:120]}."
        raise SpecError(Problem("not_json", message, "", "Send one JSON object.")) from None
    check(value)
    return value


def _once(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise SpecError(Problem("duplicate_key", f"'{twice[:80]}' is given twice.", "", "Keep one of them."))
    return document


def _not_finite(word: str) -> float:
    raise SpecError(Problem("not_finite", f"{word} is not a quantity.", "", "Write a finite number."))


def _mapping(value: Any) -> Document:
    if not isinstance(value, dict):
        raise SpecError(Problem("not_a_mapping", "The body must be an object.", "", 'Send {"spec": {"kind": ...}}.'))
    return value
