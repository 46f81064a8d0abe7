"""Documents to what inputs show, and what inputs say back to documents.

A form knows text only: what looks like a number in a field that may hold one becomes a number, all else stays text
and pydantic says what is wrong with it. An empty input is a key left out.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from textwrap import indent
from typing import Any, Protocol

from frontend.forms import items
from frontend.forms.fields import Field, Widget
from frontend.forms.text import compact
from solvers import documents
from solvers.documents import Document
from solvers.errors import IsoflopError, Problem

Start = Callable[[str, str], Document | None]
"""(catalogue section, name) -> the document one starts from when describing one's own."""

MISSING = object()


class Posted(Protocol):
    """What is read of a QueryDict."""

    def getlist(self, key: str) -> list[str]:
        """All values of `key`."""

    def __contains__(self, key: object) -> bool:
        """Whether `key` was sent at all."""


@dataclass(frozen=True)
class Bound:
    """A field with what it holds in one document, and what is wrong there."""

    field: Field
    text: str = ""
    chosen: tuple[str, ...] = ()
    own: bool = False
    given: bool = False
    problems: tuple[Problem, ...] = ()
    children: tuple["Bound", ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether anything is wrong here or below."""
        return bool(self.problems) or any(child.wrong for child in self.children)

    @property
    def plain(self) -> tuple["Bound", ...]:
        """The inputs below that are always in view."""
        return tuple(child for child in self.children if not child.folded)

    @property
    def rare(self) -> tuple["Bound", ...]:
        """The inputs below that are folded away."""
        return tuple(child for child in self.children if child.folded)

    @property
    def strange(self) -> tuple[str, ...]:
        """What is chosen though there is no such choice: it stays until somebody takes it away."""
        return tuple(choice for choice in self.chosen if choice not in self.field.choices)

    @property
    def folded(self) -> bool:
        """Whether it waits until asked for: rarely used, and with nothing in it or wrong with it."""
        return self.field.advanced and not self.filled and not self.wrong

    @property
    def filled(self) -> bool:
        """Whether it says anything."""
        return self.given and (not self.children or any(child.filled for child in self.children))


def bind(tree: tuple[Field, ...], document: Document, problems: tuple[Problem, ...] = ()) -> tuple[Bound, ...]:
    """The fields with their values in `document` and the problems that belong to each."""
    return tuple(_bound(field, document, problems) for field in tree)


def unplaced(tree: tuple[Bound, ...], problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems that no visible field shows."""
    shown = {problem for bound in _opened(tree) for problem in bound.problems}
    return tuple(problem for problem in problems if problem not in shown)


def shown_as(widget: Widget, tree: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """The inputs of one sort that are on the page."""
    return tuple(bound for bound in _opened(tree) if bound.field.widget == widget)


def shape(tree: tuple[Bound, ...]) -> str:
    """Which inputs are on the page: when it changes, the page needs a new form and not only new values."""
    return documents.digest([bound.field.at for bound in _opened(tree)])[:12]


def document_from(post: Posted, tree: tuple[Field, ...], base: Document, start: Start) -> Document:
    """`base` with everything the form says put in. Keys that the form does not show stay."""
    document = deepcopy(base)
    for field in tree:
        _take(field, post, document, start)
    return document


def value_at(document: Any, at: str) -> Any:
    """The value at a JSON pointer, or MISSING."""
    for token in _tokens(at):
        if isinstance(document, dict) and token in document:
            document = document[token]
        elif isinstance(document, list) and token.isdigit() and int(token) < len(document):
            document = document[int(token)]
        else:
            return MISSING
    return document


def with_value(document: Document, at: str, value: Any) -> Document:
    """A copy of `document` with `value` at the pointer; MISSING removes the key."""
    copy = deepcopy(document)
    _set(copy, at, value)
    return copy


def shown(value: Any) -> str:
    """A scalar as an input shows it: 1.4e12 rather than 1400000000000.0."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return compact(value)
        case dict() | list():
            return json.dumps(value)
    return str(value)


def _bound(field: Field, document: Document, problems: tuple[Problem, ...]) -> Bound:
    value = value_at(document, field.at)
    own = field.widget == "reference" and _written_out(value)
    open_ = field.widget == "group" or (own and isinstance(value, dict) and not _foreign(field, value))
    inputs = items.cards(field, value) if field.widget == "items" else field.inputs(value) if open_ else ()
    children = tuple(_bound(child, document, problems) for child in inputs)
    below = {child.at for child in inputs}
    return Bound(
        field=field,
        text="" if children else _text(field, value),
        chosen=tuple(str(item) for item in value) if field.widget == "checks" and isinstance(value, list) else (),
        own=own,
        given=value not in (MISSING, None, [], {}),
        problems=tuple(problem for problem in problems if _belongs(problem.at, field.at, below)),
        children=children,
    )


def _written_out(value: Any) -> bool:
    """Whether a mapping stands where a name could, or a list that holds one."""
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value))


def _foreign(field: Field, value: Any) -> bool:
    """A mapping in somebody else's words, as a Hugging Face config.json: shown as text, not as our fields."""
    known = {child.at.rpartition("/")[2] for child in field.children} - {"name"}
    return isinstance(value, dict) and bool(value) and not known & value.keys()


def _belongs(at: str, here: str, below: set[str]) -> bool:
    under = at == here or at.startswith(here + "/")
    return under and not any(at == child or at.startswith(child + "/") for child in below)


def _text(field: Field, value: Any) -> str:
    if value is MISSING:
        return "true" if field.on else ""
    match field.widget, value:
        case "checkbox", _:
            return "true" if value is True else ""
        case "list" | "checks", list():
            return ", ".join(shown(item) for item in value)
        case "pairs" | "columns", dict():
            return ", ".join(f"{key}: {shown(item)}" for key, item in value.items())
        case ("mapping" | "reference" | "group", dict()) | ("rows" | "items", list()):
            return documents.dump_yaml(value) if value else ""
    return documents.dump_yaml(value) if field.widget == "reference" and _written_out(value) else shown(value)


def _opened(tree: tuple[Bound, ...]) -> list[Bound]:
    return [opened for bound in tree for opened in (bound, *_opened(bound.children))]


def _take(field: Field, post: Posted, document: Document, start: Start) -> None:
    if field.widget == "group":
        for child in field.inputs(value_at(document, field.at)):
            _take(child, post, document, start)
    elif field.widget == "items":
        _take_items(field, post, document, start)
    elif field.widget == "reference":
        _take_reference(field, post, document, start)
    elif field.widget == "columns":
        _take_columns(field, post, document)
    elif f"has:{field.at}" in post:
        value = _value(field, post)
        if not _same_lines(value_at(document, field.at), value):
            _set(document, field.at, value)


def _take_items(field: Field, post: Posted, document: Document, start: Start) -> None:
    if f"has:{field.at}" not in post:
        return
    before = value_at(document, field.at)
    if before is MISSING or items.is_list(before):
        for card in items.cards(field, before):
            _take(card, post, document, start)
        after = items.changed(field, post, [] if before is MISSING else value_at(document, field.at))
    else:
        after = _value(field, post)
    _set(document, field.at, after or MISSING)


def _take_columns(field: Field, post: Posted, document: Document) -> None:
    """The column that was chosen for each word, where the page has shown a choice; the others stay as they are."""
    before = value_at(document, field.at)
    kept = dict(before) if isinstance(before, dict) else {}
    for word in field.choices:
        if (name := f"f:{field.at}/{word}") in post:
            column = "".join(post.getlist(name)[-1:])
            kept = {key: value for key, value in kept.items() if key != word} | ({word: column} if column else {})
    if kept != before:
        _set(document, field.at, kept or MISSING)


def _same_lines(before: Any, after: Any) -> bool:
    """Whether a text of lines is as it was but for the ends that an input takes off."""
    return isinstance(before, str) and isinstance(after, str) and "\n" in before and before.strip() == after.strip()


def _take_reference(field: Field, post: Posted, document: Document, start: Start) -> None:
    if f"has:{field.at}" not in post:
        return
    before = value_at(document, field.at)
    own = f"own:{field.at}" in post
    written = _said(field, post)
    if not own:
        was = before.get("name" if field.catalogue else _first(field), "") if isinstance(before, dict) else ""
        plain = written if field.catalogue else _number(written)
        pasted = _mapping(written) if written.startswith("{") else plain
        pasted = _rows(written, field) if written.startswith("[") else pasted
        _set(document, field.at, pasted if written else was or MISSING)
    elif isinstance(before, list):
        _set(document, field.at, _rows(written, field))
    elif not isinstance(before, dict):
        _set(document, field.at, _started(field, written, start))
    elif field.children and not _foreign(field, before):
        for child in field.children:
            _take(child, post, document, start)
    else:
        _set(document, field.at, _mapping(written))


def _started(field: Field, written: str, start: Start) -> Document:
    """What one describes oneself starts from: the named document, or the number as the first of its fields."""
    if field.catalogue:
        return start(field.catalogue, written) or {}
    number = _number(written)
    return {_first(field): number} if field.children and not isinstance(number, str) else {}


def _first(field: Field) -> str:
    """The first of its fields, which a plain number stands for."""
    return field.children[0].name if field.children else ""


def _value(field: Field, post: Posted) -> Any:
    """What the input says, MISSING when it says nothing."""
    if field.widget == "checks":
        return post.getlist(f"f:{field.at}") or MISSING
    text = _said(field, post)
    if field.widget == "checkbox":
        return bool(text) if bool(text) != field.on else MISSING
    return READERS.get(field.widget, _as_written)(text, field) if text else MISSING


def _said(field: Field, post: Posted) -> str:
    return "".join(post.getlist(f"f:{field.at}")[-1:]).strip()


def _as_written(text: str, _: Field) -> Any:
    return text


def _list(text: str, field: Field) -> Any:
    items = [item for item in (part.strip() for part in text.split(",")) if item]
    return [_number(item) for item in items] if field.numbers else items


def _word(text: str, field: Field) -> Any:
    """The choice as its schema has it: a word, a number or a truth value."""
    if field.choices == ("true", "false"):
        return {"true": True, "false": False}.get(text, text)
    return _number(text) if all(documents.NUMBER.match(choice) for choice in field.choices) else text


def _pairs(text: str, _: Field) -> Any:
    pairs = [part.replace("=", ":", 1).partition(":") for part in text.split(",") if part.strip()]
    return {key.strip(): _number(value.strip()) for key, _, value in pairs}


def _mapping(text: str, _: Field | None = None) -> Any:
    """The mapping that was pasted, or the text itself for pydantic to refuse."""
    try:
        return documents.read(text)
    except IsoflopError:
        return text


def _rows(text: str, _: Field) -> Any:
    """The list that was written, or the text itself for pydantic to refuse."""
    try:
        return documents.read("rows:\n" + indent(text, "  "))["rows"]
    except IsoflopError:
        return text


def _number(text: str, _: Field | None = None) -> Any:
    if not documents.NUMBER.match(text) or len(text) > documents.MAX_DIGITS:
        return text
    plain = text.replace("_", "")
    return int(plain) if plain.lstrip("+-").isdigit() else float(plain)


def _lines(text: str, _: Field) -> Any:
    """Lines as they stand, without what browsers put at their ends."""
    return text.replace("\r\n", "\n")


READERS: dict[str, Callable[[str, Field], Any]] = {
    "number": _number,
    "quantity": _number,
    "select": _word,
    "list": _list,
    "pairs": _pairs,
    "mapping": _mapping,
    "rows": _rows,
    "items": _rows,
    "lines": _lines,
}


def _set(document: Document, at: str, value: Any) -> None:
    *parents, last = _tokens(at)
    place: Any = document
    for token in parents:
        inner = place[int(token)] if isinstance(place, list) else place.get(token)
        if not isinstance(inner, dict | list):
            if value is MISSING:
                return
            inner = place[token] = {}
        place = inner
    if value is MISSING:
        place.pop(last, None)
    else:
        place[last] = value


def _tokens(at: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in at.split("/")[1:]]
