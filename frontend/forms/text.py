"""The YAML of a spec as people wrote it: edits that keep their comments and order, and the line of each field."""

import io
import re
from typing import Any, TypeGuard

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarfloat import ScalarFloat
from ruamel.yaml.scalarstring import LiteralScalarString

from solvers import documents
from solvers.documents import Document, pointer_token
from solvers.errors import Problem, SpecError

WIDE = 4096
LINE = re.compile(r"\(line (\d+)")


def edited(text: str, document: Document) -> str:
    """`text` changed as little as it takes to say `document`. Comments survive unless their field goes."""
    try:
        if documents.read(text) == document:
            return text
        changed = _merged_text(text, document)
        if documents.read(changed) == document:
            return changed
    except (SpecError, YAMLError):
        pass
    return documents.dump_yaml(document)


def lines(text: str) -> dict[str, int]:
    """JSON pointer -> line (from 1) of each key and item of a text that `documents.read` accepts."""
    try:
        documents.read(text)
        node = yaml.compose(text, Loader=documents.Loader)
    except (SpecError, yaml.YAMLError):
        return {}
    return dict(_lines(node, at=""))


def line_of(problem: Problem, known: dict[str, int]) -> int:
    """The line a problem is on: of its field, of the nearest field around it, or the one its message names."""
    said = LINE.search(problem.message)
    if said:
        return int(said.group(1))
    at = problem.at
    while at and at not in known:
        at = at.rpartition("/")[0]
    return known.get(at, 1)


def compact(value: float) -> str:
    """A number as people write it: 1.4e12 rather than 1400000000000.0."""
    plain = f"{value:.12g}".replace("e+", "e")
    digits, _, exponent = f"{value:.12e}".partition("e")
    scientific = f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"
    return min(plain, scientific, key=len)


def _merged_text(text: str, document: Document) -> str:
    loader = YAML()
    loader.preserve_quotes = True
    loader.width = WIDE
    tree = loader.load(text)
    _merge(tree, documents.read(text), document)
    out = io.StringIO()
    loader.dump(tree, out)
    return out.getvalue()


def _merge(tree: Any, before: Document, after: Document) -> None:
    """Changes in `tree` what differs between the documents; what ruamel makes of a scalar is not asked."""
    for key in [key for key in before if key not in after]:
        del tree[key]
    for key, value in after.items():
        was = before.get(key)
        if isinstance(was, dict) and isinstance(value, dict):
            _merge(tree[key], was, value)
        elif _mappings(was) and _mappings(value):
            _merge_items(tree[key], was, value)
        elif key not in before or documents.canonical(was) != documents.canonical(value):
            tree[key] = _written(value)


def _mappings(value: Any) -> TypeGuard[list[Document]]:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _merge_items(tree: Any, before: list[Document], after: list[Document]) -> None:
    """The same for a list of mappings: its items in their order, one that was taken out, those that came after."""
    gone = 0
    for place, item in enumerate(before):
        if len(before) - gone > len(after) and (place - gone >= len(after) or item != after[place - gone]):
            del tree[place - gone]
            gone += 1
        else:
            _merge(tree[place - gone], item, after[place - gone])
    for item in after[len(before) - gone :]:
        tree.append(_written(item))


def _written(value: Any) -> Any:
    """The value as it is best written: short lists and mappings on one line, large numbers with an exponent."""
    match value:
        case list():
            sequence = CommentedSeq([_written(item) for item in value])
            if not any(isinstance(item, dict) for item in value):
                sequence.fa.set_flow_style()
            return sequence
        case dict():
            mapping = CommentedMap({key: _written(item) for key, item in value.items()})
            if not any(_takes_lines(item) for item in value.values()) and len(value) <= 4:
                mapping.fa.set_flow_style()
            return mapping
        case str() if "\n" in value:
            return LiteralScalarString(value)
        case float():
            return _number(value)
    return value


def _takes_lines(value: Any) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and "\n" in value)


def _number(value: float) -> Any:
    mantissa, _, exponent = compact(value).partition("e")
    if not exponent or value < 0:
        return value
    whole, dot, _ = mantissa.partition(".")
    form = {"m_sign": False, "m_lead0": 0, "exp": "e", "e_width": len(exponent), "e_sign": "-" in exponent}
    return ScalarFloat(value, width=len(mantissa), prec=len(whole) if dot else -1, **form)


def _lines(node: Any, *, at: str) -> list[tuple[str, int]]:
    match node:
        case yaml.MappingNode():
            pairs = [(f"{at}/{pointer_token(key.value)}", key.start_mark.line + 1, value) for key, value in node.value]
        case yaml.SequenceNode():
            pairs = [(f"{at}/{index}", value.start_mark.line + 1, value) for index, value in enumerate(node.value)]
        case _:
            return []
    return [entry for here, line, value in pairs for entry in ((here, line), *_lines(value, at=here))]
