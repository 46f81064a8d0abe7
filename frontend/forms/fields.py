"""JSON Schema to form fields. Nothing here knows a kind: titles, help, units and lists all come from the schema.

Beyond JSON Schema itself these keys of a property are read: `x-catalogue` (a section whose names it accepts),
`x-unit` (shown beside the input), `x-advanced` (folded away until asked for), `x-upload` (`text`, or `gzip` in base64:
a file's content, which the page reads where the reader picks one), `x-each` (a list of mappings that is filled one by
one: the word for one of them) and `x-columns` (what columns of the table beside it may say: one is chosen for each).
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from solvers.documents import Document, pointer_token

Widget = Literal[
    "text",
    "lines",
    "quantity",
    "number",
    "select",
    "checkbox",
    "checks",
    "list",
    "rows",
    "items",
    "pairs",
    "columns",
    "mapping",
    "reference",
    "group",
]

MAX_DEPTH = 6
# Where the pointer of a list's item has its number, until there is a document.
EACH = "*"
NOT_ASKED = ("kind", "version")
COMMON_LAST = ("tags", "seed")
NUMERIC = {"integer", "number"}


@dataclass(frozen=True)
class Field:
    """One input, or a group. `at` is the JSON pointer of its value; `on` is a checkbox that is ticked unless said.

    `others` are the inputs of a group's other forms, for documents that are written so. `each` is the word for an item
    of a list of mappings, whose inputs are the children. `numbers` is a list whose items may be numbers.
    """

    at: str
    label: str
    widget: Widget
    help: str = ""
    unit: str = ""
    placeholder: str = ""
    required: bool = False
    advanced: bool = False
    on: bool = False
    choices: tuple[str, ...] = ()
    catalogue: str = ""
    upload: str = ""
    each: str = ""
    numbers: bool = False
    children: tuple["Field", ...] = ()
    others: tuple[tuple["Field", ...], ...] = ()

    def inputs(self, value: Any) -> tuple["Field", ...]:
        """The inputs below for a document's value: of the form that most of its keys belong to."""
        keys = set(value) if isinstance(value, dict) else set()
        return max((self.children, *self.others), key=lambda form: sum(child.name in keys for child in form))

    @property
    def name(self) -> str:
        """The key of its value."""
        return self.at.rpartition("/")[2].replace("~1", "/").replace("~0", "~")

    @property
    def id(self) -> str:
        """An id for the page: the pointer, with what CSS cannot bear replaced."""
        return "field" + self.at.replace("/", "-").replace("~", "_")


def fields(schema: Document, *, hidden: tuple[str, ...] = NOT_ASKED) -> tuple[Field, ...]:
    """The fields of a kind's spec in the order of its schema, with what all kinds share at the end."""
    found = {name: field for name, field in _properties(schema, schema, at="", depth=0) if name not in hidden}
    last = {name: replace(found.pop(name), advanced=True) for name in COMMON_LAST if name in found}
    return (*found.values(), *last.values())


def _properties(node: Document, root: Document, *, at: str, depth: int) -> list[tuple[str, Field]]:
    required = set(node.get("required", ()))
    return [
        (
            name,
            _field(
                _merged(child, root),
                root,
                at=f"{at}/{pointer_token(name)}",
                name=name,
                required=name in required,
                depth=depth,
            ),
        )
        for name, child in node.get("properties", {}).items()
    ]


def _field(node: Document, root: Document, *, at: str, name: str, required: bool, depth: int) -> Field:
    variants = _variants(node, root)
    widget = _widget(node, variants, root)
    nested = widget in ("group", "reference") and depth < MAX_DEPTH
    objects = [variant for variant in variants if "properties" in variant] if nested else []
    below = at
    if widget == "items" and depth < MAX_DEPTH:
        objects, below = _items(variants, root), f"{at}/{EACH}"
    forms = [tuple(child for _, child in _properties(one, root, at=below, depth=depth + 1)) for one in objects]
    return Field(
        at=at,
        label=_label(node, name),
        widget=widget,
        help=str(node.get("description", "")),
        unit=_unit(node, name),
        placeholder=_placeholder(node),
        required=required,
        advanced=bool(node.get("x-advanced", False)),
        on=node.get("default") is True,
        choices=_words(node, variants, nested=nested),
        catalogue=str(node.get("x-catalogue", "")),
        upload=str(node.get("x-upload", "")),
        each=str(node.get("x-each", "")),
        numbers=widget == "list" and any(_counts(item, root) for item in _items(variants, root)),
        children=forms[0] if forms else (),
        others=tuple(forms[1:]) if widget == "group" else (),
    )


def _words(node: Document, variants: list[Document], *, nested: bool) -> tuple[str, ...]:
    if "x-columns" in node:
        return tuple(node["x-columns"])
    return _choices([one for one in variants if "properties" not in one] if nested else variants)


def _widget(node: Document, variants: list[Document], root: Document) -> Widget:
    if node.get("x-upload") == "text":
        return "lines"
    if "x-columns" in node:
        return "columns"
    objects = [variant for variant in variants if variant.get("type") == "object" or "properties" in variant]
    if "x-catalogue" in node or (objects and len(objects) < len(variants)):
        return "reference"
    return _object_widget(objects) if objects else _value_widget(node, variants, root)


def _value_widget(node: Document, variants: list[Document], root: Document) -> Widget:
    types = {variant.get("type") for variant in variants}
    if "array" in types:
        of_mappings = any("properties" in item for item in _items(variants, root))
        mappings: Widget = "items" if "x-each" in node else "rows"
        return "checks" if _choices(variants) else mappings if of_mappings else "list"
    if types == {"boolean"}:
        return "select" if _nullable(node) else "checkbox"
    if _choices(variants):
        return "select"
    if types == {"string"}:
        return "text"
    return "number" if types and types <= NUMERIC else "quantity"


def _items(variants: list[Document], root: Document) -> list[Document]:
    """What the items of a list are; mappings are written as YAML, or filled one by one."""
    return [_merged(variant["items"], root) for variant in variants if isinstance(variant.get("items"), dict)]


def _counts(item: Document, root: Document) -> bool:
    return any(variant.get("type") in NUMERIC for variant in _variants(item, root))


def _nullable(node: Document) -> bool:
    return any(branch.get("type") == "null" for branch in node.get("anyOf", ()))


def _object_widget(objects: list[Document]) -> Widget:
    if any("properties" in variant for variant in objects):
        return "group"
    return "pairs" if any(isinstance(variant.get("additionalProperties"), dict) for variant in objects) else "mapping"


def _variants(node: Document, root: Document) -> list[Document]:
    """The branches of a union with references followed and null left out; words listed beside it stand for it."""
    words = [word for word in node.get("enum", ()) if word is not None]
    if words and "anyOf" in node:
        return [{"type": "string", "enum": words}]
    branches = [option for word in ("anyOf", "oneOf") for option in node.get(word, ())] or [node]
    merged = [_merged(branch, root) for branch in branches]
    flat = [
        leaf
        for branch in merged
        for leaf in (_variants(branch, root) if branch.keys() & {"anyOf", "oneOf"} else [branch])
    ]
    return [variant for variant in flat if variant.get("type") != "null"]


def _merged(node: Document, root: Document) -> Document:
    """The node with its `$ref` (or a lone `allOf`) followed; what stands beside the reference wins."""
    inner = [{"$ref": node["$ref"]}] if "$ref" in node else node.get("allOf", [])
    if len(inner) != 1:
        return node
    target = inner[0].get("$ref", "").rsplit("/", 1)[-1]
    beside = {key: value for key, value in node.items() if key not in ("$ref", "allOf")}
    return {**_merged(root.get("$defs", {}).get(target, {}), root), **beside}


def _choices(variants: list[Document]) -> tuple[str, ...]:
    """The words one may choose from, where every branch is a list of words."""
    found: list[str] = []
    for variant in variants:
        inner: dict[str, Any] = variant.get("items", variant) if variant.get("type") == "array" else variant
        if inner.get("type") == "boolean":
            found += ["true", "false"]
            continue
        words = inner.get("enum", [inner["const"]] if "const" in inner else None)
        if words is None:
            return ()
        found += [str(word) for word in words if str(word) not in found]
    return tuple(found)


def _unit(node: Document, name: str) -> str:
    """The unit, unless the label is that word already."""
    unit = str(node.get("x-unit", ""))
    return "" if unit.lower() == _label(node, name).lower() else unit


def _label(node: Document, name: str) -> str:
    title = str(node.get("title", ""))
    words = name.replace("_", " ")
    return title if title and title != words.title() else words[:1].upper() + words[1:]


def _placeholder(node: Document) -> str:
    """What the field takes when left empty, or an example of what to write."""
    default = node.get("default")
    if default not in (None, "", [], {}) and not isinstance(default, dict | list | bool):
        return str(default)
    lists = [example for example in node.get("examples", ()) if isinstance(example, list)]
    if lists and not any(isinstance(item, dict | list) for item in lists[0]):
        return f"e.g. {', '.join(str(item) for item in lists[0])}"
    examples = [str(example) for example in node.get("examples", ()) if not isinstance(example, dict | list)]
    return f"e.g. {examples[0]}" if examples else ""
