"""Text to documents and back: YAML or JSON in, plain JSON values out, nothing dangerous on the way.

Size, depth, aliases, tags and duplicate keys are refused while the text is still events, before anything is built:
a 300-byte document with aliases can otherwise unfold to gigabytes.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from solvers.errors import Problem, SpecError, TooLarge

TYPE_NAMES = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true/false",
    list: "a list",
    type(None): "nothing",
}

MAX_BYTES = 4 * 1024 * 1024
# Of one text that a spec carries, such as a table of runs: room is left for the rest of the spec.
MAX_TEXT = 4_000_000
# Keys, numbers, texts, lists and mappings; what is larger is data, which is carried as one text.
MAX_VALUES = 100_000
MOST = f"{MAX_BYTES // 1024**2} MiB"
KEEP = f"A spec has {MOST} at most: of runs, traces and tables keep the columns and rows that matter."
MAX_DEPTH = 32
MAX_DIGITS = 32
# NUL, half a surrogate pair; and what turns the direction of the text around it, so that a name reads as another.
FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
# How every zip archive begins, as which Excel and LibreOffice save; and how files of older Excel do.
ZIP = "PK\x03\x04"
SPREADSHEETS = (ZIP.encode(), b"\xd0\xcf\x11\xe0")
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# YAML 1.1 reads 1e9 as text for want of a dot; people write 1e9 and 1.4e12 alike and mean a number.
NUMBER = re.compile(r"^[-+]?(\d[\d_]*)(\.\d*)?([eE][-+]?\d+)?$|^[-+]?\.\d+([eE][-+]?\d+)?$")
NOT_FINITE = re.compile(r"^[-+]?(\.inf|\.Inf|\.INF|\.nan|\.NaN|\.NAN|inf|infinity|nan)$", re.IGNORECASE)

Document = dict[str, Any]

Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BaseDumper: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Dumper(BaseDumper):  # type: ignore[misc]  # the C dumper has no types
    """Quotes every text that `read` would take for a number."""


def _quoted(dumper: Any, text: str) -> Any:
    style = "'" if NUMBER.match(text) or NOT_FINITE.match(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, _quoted)


def read(text: str | bytes) -> Document:
    """The mapping that YAML or JSON `text` holds. SpecError says where it is wrong."""
    source = _decoded(text)
    if source.lstrip().startswith("{"):
        try:
            return _json(source)
        except TooLarge:
            raise
        except (ValueError, RecursionError):
            pass
    try:
        value = _document(yaml.parse(source, Loader=Loader))
    except yaml.YAMLError as error:
        raise SpecError(_syntax_problem(error)) from None
    except RecursionError:
        raise _too_deep(None) from None
    if not isinstance(value, dict):
        what = TYPE_NAMES[type(value)]
        raise SpecError(
            Problem(
                "not_a_mapping",
                f"A document is a mapping of fields; this is {what}.",
                "",
                "Write `field: value` lines, or JSON.",
            )
        )
    return value


def _json(source: str) -> Document:
    """Strict JSON, which has escapes that YAML lacks. ValueError: then the YAML reader says what is wrong and where."""
    value: Document = json.loads(source, object_pairs_hook=_unique, parse_constant=float)
    check(value)
    return value


def _unique(pairs: list[tuple[str, object]]) -> Document:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("a key is given twice")
    return mapping


def check(value: object) -> None:
    """Refuses what `read` refuses, in values that were parsed elsewhere (a JSON request body)."""
    if _more_than(MAX_VALUES, value):
        raise _too_many()
    _check(value, at="", depth=0)


def _more_than(most: int, value: object) -> bool:
    """Whether there are so many keys and values in this one, however deep."""
    count, waiting = 0, [value]
    while waiting and count <= most:
        count += 1
        match waiting.pop():
            case dict() as mapping:
                count += len(mapping)
                waiting += mapping.values()
            case list() as items:
                waiting += items
    return count > most


def _check(value: object, *, at: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooLarge(Problem("too_deep", f"Nested more than {MAX_DEPTH} levels.", _shortened(at)))
    match value:
        case dict():
            for key, item in value.items():
                _check_text(key, at=at)
                _check(item, at=f"{at}/{pointer_token(key)}", depth=depth + 1)
        case list():
            for index, item in enumerate(value):
                _check(item, at=f"{at}/{index}", depth=depth + 1)
        case str():
            _check_text(value, at=at)
        case float() if not math.isfinite(value):
            raise SpecError(
                Problem(
                    "not_finite",
                    "NaN and Infinity are not quantities.",
                    at,
                    "Write a finite number, or leave the field out.",
                )
            )
        case int() if abs(value) >= 10**MAX_DIGITS:
            raise TooLarge(Problem("too_large", f"A number with more than {MAX_DIGITS} digits.", at))


def canonical(document: object) -> bytes:
    """The one byte form of a document: sorted keys, no spaces, finite numbers only."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()


def digest(document: object) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(document)).hexdigest()


def dump_yaml(document: object) -> str:
    """The document as YAML, in its own order, such that `read` gives the same document back."""
    text: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def pointer_token(key: object) -> str:
    """A key as one token of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")


def _decoded(text: str | bytes) -> str:
    size = len(text) if isinstance(text, bytes) else len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise TooLarge(Problem("too_large", f"The document has more than {MAX_BYTES:,} bytes.", "", KEEP))
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SpecError(Problem("not_utf8", "The document is not UTF-8 text.", "", "Save it as UTF-8.")) from None
    _check_text(text, at="")
    return text


def _check_text(text: object, *, at: str) -> None:
    if not isinstance(text, str):
        raise SpecError(Problem("key_not_text", f"The key {text!r:.40} is not text.", at, "Put quotes around it."))
    if FORBIDDEN.search(text):
        raise SpecError(_no_text(text, at))
    if turning := TURNING.search(text):
        message = f"The invisible character U+{ord(turning[0]):04X} turns the direction of the text."
        raise SpecError(Problem("bad_character", message, at, "Remove it; Arabic and Hebrew need none."))


def _no_text(text: str, at: str) -> Problem:
    if ZIP in text:
        message = "This is a spreadsheet or another packed file, not text."
        return Problem("spreadsheet", message, at, "Save the sheet as CSV (UTF-8), and give that file.")
    hint = "Remove it; of a spreadsheet or another binary file give what it saves as CSV."
    return Problem("bad_character", "A NUL or half a surrogate pair is not text.", at, hint)


def _document(events: Iterator[Any]) -> object:
    """Builds the value from parser events. The stack is our own, so depth is bounded by MAX_DEPTH, not by Python's."""
    documents = [
        event for event in _checked(events) if not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent)
    ]
    starts = sum(isinstance(event, yaml.DocumentStartEvent) for event in documents)
    if starts == 0:
        raise SpecError(Problem("empty", "The document is empty.", "", "Write `field: value` lines, or JSON."))
    if starts > 1:
        raise SpecError(
            Problem("several_documents", "More than one document in the text.", "", "Send one spec at a time.")
        )
    body = iter(documents[1:-1])
    return _value(next(body), body, at="")


def _checked(events: Iterator[Any]) -> Iterator[Any]:
    depth = 0
    count = 0
    for event in events:
        count += isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if count > MAX_VALUES:
            raise _too_many()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise SpecError(
                Problem(
                    "alias", f"Anchors and aliases are not accepted (line {_line(event)}).", "", "Write the value out."
                )
            )
        if getattr(event, "tag", None) not in (None, "!"):
            raise SpecError(
                Problem("tag", f"The tag {event.tag} is not accepted (line {_line(event)}).", "", "Plain values only.")
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _too_deep(_line(event))
        yield event


def _value(event: Any, events: Iterator[Any], *, at: str) -> object:
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, at=at)
    if isinstance(event, yaml.SequenceStartEvent):
        return _sequence(events, at=at)
    return _scalar(event, at=at)


def _mapping(events: Iterator[Any], *, at: str) -> Document:
    mapping: Document = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        if not isinstance(event, yaml.ScalarEvent):
            raise SpecError(
                Problem("key_not_text", f"A key must be text (line {_line(event)}).", at, "Use plain words as keys.")
            )
        key = event.value
        _check_text(key, at=at)
        here = f"{at}/{pointer_token(key)}"
        if key in mapping:
            raise SpecError(
                Problem(
                    "duplicate_key", f"'{key[:80]}' is given twice (line {_line(event)}).", here, "Keep one of them."
                )
            )
        mapping[key] = _value(next(events), events, at=here)
    return mapping


def _sequence(events: Iterator[Any], *, at: str) -> list[object]:
    items: list[object] = []
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        items.append(_value(event, events, at=f"{at}/{len(items)}"))
    return items


def _scalar(event: Any, *, at: str) -> object:
    text: str = event.value
    _check_text(text, at=at)
    if not event.implicit[0] or event.style:
        return text
    if text in ("", "~") or text.lower() == "null":
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if NOT_FINITE.match(text):
        raise SpecError(
            Problem("not_finite", f"'{text}' is not a quantity.", at, "Write a finite number, or leave the field out.")
        )
    return _number(text, at=at) if NUMBER.match(text) else text


def _number(text: str, *, at: str) -> int | float:
    if len(text) > MAX_DIGITS:
        raise TooLarge(
            Problem(
                "too_large", f"A number with more than {MAX_DIGITS} digits.", at, "Write it as 1.4e12, for example."
            )
        )
    plain = text.replace("_", "")
    if re.fullmatch(r"[-+]?\d+", plain):
        return int(plain)
    number = float(plain)
    if not math.isfinite(number):
        raise SpecError(
            Problem(
                "not_finite",
                f"'{text}' is too large to be a number.",
                at,
                "Write a finite number, or leave the field out.",
            )
        )
    return number


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    what = getattr(error, "problem", None) or "it cannot be read"
    return Problem(
        "syntax", f"This is not YAML or JSON: {what}{where}.", "", "Check indentation, quotes and brackets there."
    )


def _too_deep(line: int | None) -> TooLarge:
    where = f" (line {line})" if line else ""
    return TooLarge(
        Problem("too_deep", f"Nested more than {MAX_DEPTH} levels{where}.", "", "A spec is two or three levels deep.")
    )


def _too_many() -> TooLarge:
    message = f"The document has more than {MAX_VALUES:,} keys and values."
    return TooLarge(Problem("too_large", message, "", "Carry a long table as one text, such as `runs: {csv: ...}`."))


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _shortened(at: str) -> str:
    return at[:200]
