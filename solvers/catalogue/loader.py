"""Finds and reads the catalogue's files: one thing a file, named as the file.

Nothing is read before it is asked for. A name is matched against file names first and against the files' aliases only
when that fails.
"""

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from pydantic import ValidationError

from solvers.catalogue.architecture import Model
from solvers.catalogue.entry import Entry, key
from solvers.catalogue.hardware import Gpu, Link, Node
from solvers.catalogue.price import Price
from solvers.errors import Problem, SpecError, unknown
from solvers.problems import problems_of

SECTIONS: dict[str, type[Entry]] = {"gpus": Gpu, "links": Link, "nodes": Node, "models": Model, "prices": Price}
NOUNS = {"gpus": "GPU", "links": "link", "nodes": "node", "models": "model", "prices": "price"}
ROOT = files("solvers.catalogue")
Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def names(section: str) -> tuple[str, ...]:
    """The names in a section, sorted."""
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in _files(section)))


@cache
def version() -> str:
    """A hash of every file: it changes when any number does."""
    summed = hashlib.sha256()
    for section in SECTIONS:
        for entry in sorted(_files(section), key=lambda entry: entry.name):
            summed.update(f"{section}/{entry.name}\n".encode() + entry.read_bytes())
    return summed.hexdigest()[:12]


def get(section: str, name: str, *, at: str = "") -> Any:
    """The record called `name` or aliased so; UnknownName offers the nearest."""
    if section not in SECTIONS:
        raise unknown("catalogue section", section, SECTIONS, at=at)
    found = _stems(section).get(key(name)) or _aliases(section).get(key(name))
    if found is None:
        raise unknown(NOUNS[section], name, names(section), at=at)
    return _record(section, found)


def document(section: str, name: str, *, at: str = "") -> dict[str, Any]:
    """The file of `name` as a document, as a project's own entry would be written."""
    return dict(_document(section, get(section, name, at=at).name))


def record(section: str, value: Any, *, at: str = "") -> Any:
    """`value` (a name, a mapping, or already a record) as a record; SpecError says where it is wrong."""
    kind = SECTIONS[section]
    if isinstance(value, str):
        return get(section, value, at=at)
    if not isinstance(value, dict | kind):
        raise SpecError(Problem("wrong_type", f"A {NOUNS[section]} is a name or a mapping.", at))
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        problems = problems_of(error, _schema(section))
        raise SpecError(*(_moved(problem, at) for problem in problems)) from None


def price_of(node: Node) -> Price | None:
    """The default price of a node's GPU-hour: the node's own, else its GPU's."""
    for name in (node.name, node.gpu.name):
        if name in names("prices"):
            price: Price = get("prices", name)
            return price
    return None


@cache
def price_lists() -> tuple[Price, ...]:
    """What providers ask for their instances: a list for each of them and each term."""
    prices: list[Price] = [get("prices", name) for name in names("prices")]
    return tuple(price for price in prices if price.instances)


def _moved(problem: Problem, at: str) -> Problem:
    return Problem(problem.code, problem.message, at + problem.at, problem.hint)


@cache
def _schema(section: str) -> dict[str, Any]:
    return SECTIONS[section].model_json_schema()


def _files(section: str) -> list[Traversable]:
    return [entry for entry in (ROOT / section).iterdir() if entry.name.endswith(".yaml")]


@cache
def _stems(section: str) -> dict[str, str]:
    return {key(name): name for name in names(section)}


@cache
def _aliases(section: str) -> dict[str, str]:
    return {key(alias): name for name in names(section) for alias in _document(section, name).get("aliases", ())}


@cache
def _document(section: str, name: str) -> dict[str, Any]:
    text = (ROOT / section / f"{name}.yaml").read_text("utf-8")
    read: dict[str, Any] = yaml.load(text, Loader=Loader)  # noqa: S506 -- a safe loader
    return read


@cache
def _record(section: str, name: str) -> Entry:
    return SECTIONS[section].model_validate(_document(section, name))
