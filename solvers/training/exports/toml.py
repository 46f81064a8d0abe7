"""TOML, as far as configuration files of trainers need it: tables of words, numbers, truths and lists of words."""

import json
from typing import Any

from solvers.documents import Document


def text(document: Document, *, path: str = "") -> str:
    """Tables in the order given; a table's own values stand before the tables inside it."""
    values = [f"{key} = {_value(value)}" for key, value in document.items() if not isinstance(value, dict)]
    blocks = ["\n".join([f"[{path}]", *values] if path else values)] if values else []
    for key, value in document.items():
        if isinstance(value, dict):
            blocks.append(text(value, path=f"{path}.{key}" if path else key).rstrip("\n"))
    return "\n\n".join(blocks) + "\n"


def _value(value: Any) -> str:
    """A JSON string is a TOML basic string, but for one character that JSON leaves alone."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value).replace("\x7f", "\\u007f")
        case list():
            return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)
