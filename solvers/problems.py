"""Make problems for people of what pydantic found: a JSON pointer, the nearest known field, a hint from the schema."""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from solvers.documents import Document, pointer_token
from solvers.errors import IsoflopError, Problem, nearest

# What pydantic says in words of Python, in words of documents.
WORDS = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "This field wants a mapping."),
    **dict.fromkeys(("tuple_type", "list_type", "set_type"), "This field wants a list."),
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "This field wants a whole number."
    ),
    "string_type": "This field wants text; put quotes around it.",
    **dict.fromkeys(("bool_type", "bool_parsing"), "This field wants true or false."),
    **dict.fromkeys(("float_type", "float_parsing"), "This field wants a number."),
    **dict.fromkeys(("uuid_type", "uuid_parsing"), "This field wants an id, of 36 characters."),
}


def problems_of(error: ValidationError, root: Document) -> tuple[Problem, ...]:
    """Every problem of `error` once, in order; `root` is the JSON Schema of what was validated."""
    seen: dict[tuple[str, str], Problem] = {}
    every = error.errors(include_url=False)
    for entry in every:
        if entry["type"] == "too_short" and any(_within(other["loc"], entry["loc"]) for other in every):
            continue
        for problem in _from_entry(dict(entry), root):
            seen.setdefault((problem.at, problem.message), problem)
    return tuple(seen.values())


def _within(place: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    """Whether a place is below another: items that are wrong are not counted, and so the list is not too short."""
    return len(place) > len(other) and place[: len(other)] == other


def _from_entry(entry: dict[str, Any], root: Document) -> Iterable[Problem]:
    at = pointer(entry["loc"], root)
    cause = entry.get("ctx", {}).get("error")
    if isinstance(cause, IsoflopError):
        return [Problem(p.code, p.message, p.at if p.at.startswith(at) else at + p.at, p.hint) for p in cause.problems]
    field = str(entry["loc"][-1]) if entry["loc"] else "spec"
    if entry["type"] == "extra_forbidden":
        return [
            Problem(
                "unknown_field",
                f"There is no field called '{field[:80]}' here.",
                at,
                nearest(field, _siblings(entry["loc"], root)),
            )
        ]
    if entry["type"] == "missing":
        return [Problem("missing", f"'{field}' is missing.", at, _description(entry["loc"], root))]
    message = WORDS.get(entry["type"], "") or (str(cause) if cause else entry["msg"])
    message = message.removeprefix("Value error, ")
    return [
        Problem(
            entry["type"],
            message[:1].upper() + message[1:] + ("" if message.endswith(".") else "."),
            at,
            _description(entry["loc"], root),
        )
    ]


def pointer(location: Iterable[int | str], root: Document) -> str:
    """The JSON pointer of a pydantic location; the names of union branches, which no document has, are left out."""
    tokens: list[str] = []
    nodes = [root]
    for part in location:
        below = _children(nodes, part, root)
        if below is None:
            continue
        tokens.append(pointer_token(part))
        nodes = below
    return "".join(f"/{token}" for token in tokens)


def _children(nodes: list[Document], part: int | str, root: Document) -> list[Document] | None:
    """Schemas below `part`, or None when `part` is only the label of a union branch."""
    resolved = [branch for node in nodes for branch in _branches(node, root)]
    known = [branch["properties"][part] for branch in resolved if part in branch.get("properties", {})]
    if known:
        return known
    if isinstance(part, int):
        return [branch["items"] for branch in resolved if isinstance(branch.get("items"), dict)]
    if any(_is_label(part, branch, root) for branch in resolved):
        return None
    return (
        []
        if not resolved or any(branch.get("type") == "object" or "properties" in branch for branch in resolved)
        else None
    )


def _branches(node: Document, root: Document) -> list[Document]:
    if "$ref" in node:
        return _branches(root.get("$defs", {}).get(node["$ref"].rsplit("/", 1)[-1], {}), root)
    inner = [
        branch
        for word in ("anyOf", "oneOf", "allOf")
        for option in node.get(word, [])
        for branch in _branches(option, root)
    ]
    return [node, *inner]


def _is_label(part: str, branch: Document, root: Document) -> bool:
    return (
        part == branch.get("title")
        or part in root.get("$defs", {})
        or "[" in part
        or part in ("str", "int", "float", "bool")
    )


def _siblings(location: tuple[int | str, ...], root: Document) -> list[str]:
    nodes = [root]
    for part in location[:-1]:
        nodes = _children(nodes, part, root) or nodes
    return [name for node in nodes for branch in _branches(node, root) for name in branch.get("properties", {})]


def _description(location: tuple[int | str, ...], root: Document) -> str:
    nodes = [root]
    for part in location:
        below = _children(nodes, part, root)
        nodes = nodes if below is None else below
    found = [node["description"] for node in nodes if "description" in node]
    return str(found[0]) if found else ""
