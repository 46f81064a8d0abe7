"""The documents that ship, by kind."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from solvers import kinds
from solvers.accuracy.document import Accuracy

FILE = "accuracy.json"


@cache
def document(kind: str) -> Accuracy:
    """The kind's document; UnknownName offers the nearest kind."""
    kinds.get(kind, at="")
    return Accuracy.model_validate_json(_file(kind).read_text("utf-8"))


def documents() -> tuple[Accuracy, ...]:
    """Those of all kinds that were scored."""
    return tuple(document(kind) for kind in kinds.names() if _file(kind).is_file())


def _file(kind: str) -> Traversable:
    return files(kinds.MODULES[kind]) / "data" / FILE
