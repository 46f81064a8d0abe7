"""Documents that a script fills in before it hands them on."""

import json
from collections.abc import Iterable

from solvers.documents import Document, dump_yaml


def yaml(document: Document) -> str:
    """The document with every part written out: tools that read manifests do not all know YAML's references."""
    return dump_yaml(json.loads(json.dumps(document)))


def filled(variable: str, names: Iterable[str]) -> str:
    """Shell lines that put variables of the reader's where a text holds `${NAME}`."""
    return "\n".join(f"# shellcheck disable=SC2016  # the text's own words\n{_put(variable, name)}" for name in names)


def _put(variable: str, name: str) -> str:
    return f"{variable}=\"${{{variable}//'${{{name}}}'/${{{name}}}}}\""
