"""The registry of kinds, and the one road from a document to a result.

    parse(document) -> frozen spec        solve(spec, progress) -> result document of the contract

A kind is a module with a `KIND`; it is imported when it is first asked for, so that listing kinds costs nothing.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from pydantic import ValidationError

from solvers import __version__, catalogue
from solvers.base import Infeasible, Kind, Progress, Solved, Spec, silent
from solvers.documents import Document, check, digest, pointer_token
from solvers.errors import IsoflopError, Problem, SpecError, nearest, unknown

MODULES: dict[str, str] = {"training": "solvers.training"}
DIGITS = 9
NOT_THE_QUESTION = {"name", "tags"}


def names() -> list[str]:
    """The kinds there are."""
    return list(MODULES)


def get(name: str, *, at: str = "/kind") -> Kind[Any]:
    """The kind called `name`; UnknownName offers the nearest."""
    if name not in MODULES:
        raise unknown("kind", name, MODULES, at=at)
    return _load(MODULES[name])


@cache
def _load(module: str) -> Kind[Any]:
    kind: Kind[Any] = import_module(module).KIND
    return kind


def schema(name: str) -> Document:
    """The JSON Schema of the kind's spec."""
    document: Document = get(name).spec.model_json_schema()
    return document


def examples(name: str) -> dict[str, str]:
    """Example specs that ship with the kind, as YAML text by file stem."""
    get(name)
    folder = files(MODULES[name]) / "examples"
    found = {entry.name.removesuffix(".yaml"): entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yaml")}
    return dict(sorted(found.items()))


def parse(document: Mapping[str, Any]) -> Spec:
    """The frozen spec in SI units that `document` describes. SpecError lists everything that is wrong with it."""
    check(dict(document))
    if "kind" not in document:
        raise SpecError(Problem("missing", "The spec does not say what kind of plan it asks for.", "/kind", f"Known: {', '.join(MODULES)}."))
    name = document["kind"]
    if not isinstance(name, str):
        raise SpecError(Problem("wrong_type", "A kind is a word.", "/kind", f"Known: {', '.join(MODULES)}."))
    kind = get(name)
    try:
        spec: Spec = kind.spec.model_validate(dict(document))
    except ValidationError as error:
        raise SpecError(*_problems(error, kind)) from None
    if spec.version > kind.version:
        message = f"This server knows version {kind.version} of kind '{name}'; the spec says {spec.version}."
        raise SpecError(Problem("version", message, "/version", f"Write `version: {kind.version}`."))
    return spec


def spec_document(spec: Spec) -> Document:
    """The spec with every default filled in and every quantity in SI units."""
    document: Document = spec.model_dump(mode="json")
    return document


def spec_hash(spec: Spec) -> str:
    """What was asked, as a hash: what people call it is left out."""
    return digest({key: value for key, value in spec_document(spec).items() if key not in NOT_THE_QUESTION})


def provenance(spec: Spec) -> Document:
    """Everything beside the spec that decides the result."""
    kind = get(spec.kind)
    return {
        "solver_version": f"{__version__}+{kind.name}.{kind.version}",
        "catalogue_version": catalogue.version(),
        "calibration": kind.calibration,
        "seed": spec.seed,
    }


def result_key(spec: Spec) -> str:
    """The content address of the result: equal keys have equal results."""
    return digest({"spec_hash": spec_hash(spec), **provenance(spec)})


def solve(spec: Spec, progress: Progress = silent) -> Document:
    """The result document. The caller fills in `search.seconds`, as solvers read no clock."""
    kind = get(spec.kind)
    outcome = kind.solve(spec, progress)
    envelope = {"kind": kind.name, "version": kind.version, "spec_hash": spec_hash(spec)}
    tail = {
        "search": {"candidates": 0, "feasible": 0, "rejected": {}, "optimality_gap": 0.0, **outcome.search, "seconds": None},
        "provenance": {**provenance(spec), "data": dict(outcome.data)},
        "warnings": [{"code": warning.code, "message": warning.message, "at": warning.at} for warning in outcome.warnings],
    }
    body = _solved(outcome, kind) if isinstance(outcome, Solved) else _infeasible(outcome)
    rounded: Document = _rounded({**envelope, **body, **tail})
    return rounded


def _solved(outcome: Solved, kind: Kind[Any]) -> Document:
    return {
        "status": "solved",
        "plan": outcome.plan,
        "estimates": {name: asdict(estimate) for name, estimate in outcome.estimates.items()},
        "interval_level": kind.interval_level,
        "alternatives": outcome.alternatives,
        "frontier": outcome.frontier,
        "dominated": outcome.dominated,
        "explanation": outcome.explanation,
    }


def _infeasible(outcome: Infeasible) -> Document:
    return {
        "status": "infeasible",
        "infeasible": {
            "reason": outcome.reason,
            "binding": list(outcome.binding),
            "nearest": outcome.nearest,
            "smallest_change": outcome.smallest_change,
        },
    }


def _rounded(value: Any) -> Any:
    """Nine significant digits: beyond them only the order of additions on one processor or another would show."""
    match value:
        case dict():
            return {key: _rounded(item) for key, item in value.items()}
        case list() | tuple():
            return [_rounded(item) for item in value]
        case float():
            if not math.isfinite(value):
                raise ValueError("a result holds a number that is not finite")
            return float(f"{value:.{DIGITS}g}")
    return value


def _problems(error: ValidationError, kind: Kind[Any]) -> Iterable[Problem]:
    seen: dict[tuple[str, str], Problem] = {}
    for entry in error.errors(include_url=False):
        for problem in _from_entry(dict(entry), kind):
            seen.setdefault((problem.at, problem.message), problem)
    return seen.values()


def _from_entry(entry: dict[str, Any], kind: Kind[Any]) -> Iterable[Problem]:
    at = pointer(entry["loc"], schema(kind.name))
    cause = entry.get("ctx", {}).get("error")
    if isinstance(cause, IsoflopError):
        return [Problem(p.code, p.message, p.at if p.at.startswith(at) else at + p.at, p.hint) for p in cause.problems]
    field = str(entry["loc"][-1]) if entry["loc"] else "spec"
    if entry["type"] == "extra_forbidden":
        return [Problem("unknown_field", f"There is no field called '{field[:80]}' here.", at, nearest(field, _siblings(entry["loc"], kind)))]
    if entry["type"] == "missing":
        return [Problem("missing", f"'{field}' is missing.", at, _description(entry["loc"], kind))]
    message = str(cause) if cause else entry["msg"]
    message = message.removeprefix("Value error, ")
    return [Problem(entry["type"], message[:1].upper() + message[1:] + ("" if message.endswith(".") else "."), at, _description(entry["loc"], kind))]


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
    return [] if not resolved or any(branch.get("type") == "object" or "properties" in branch for branch in resolved) else None


def _branches(node: Document, root: Document) -> list[Document]:
    if "$ref" in node:
        return _branches(root.get("$defs", {}).get(node["$ref"].rsplit("/", 1)[-1], {}), root)
    inner = [branch for word in ("anyOf", "oneOf", "allOf") for option in node.get(word, []) for branch in _branches(option, root)]
    return [node, *inner]


def _is_label(part: str, branch: Document, root: Document) -> bool:
    return part == branch.get("title") or part in root.get("$defs", {}) or "[" in part or part in ("str", "int", "float", "bool")


def _siblings(location: tuple[int | str, ...], kind: Kind[Any]) -> list[str]:
    root = schema(kind.name)
    nodes = [root]
    for part in location[:-1]:
        nodes = _children(nodes, part, root) or nodes
    return [name for node in nodes for branch in _branches(node, root) for name in branch.get("properties", {})]


def _description(location: tuple[int | str, ...], kind: Kind[Any]) -> str:
    root = schema(kind.name)
    nodes = [root]
    for part in location:
        below = _children(nodes, part, root)
        nodes = nodes if below is None else below
    found = [node["description"] for node in nodes if "description" in node]
    return str(found[0]) if found else ""
