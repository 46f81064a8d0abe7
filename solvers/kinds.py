"""The registry of kinds, and the one road from a document to a result.

    parse(document) -> frozen spec        solve(spec, progress) -> result document of the contract

A kind is a module with a `KIND`; it is imported when it is first asked for, so that listing kinds costs nothing.
"""

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from pydantic import ValidationError

from solvers import __version__, catalogue
from solvers.base import Foretold, Infeasible, Kind, Progress, Solved, Spec, silent
from solvers.catalogue import Node
from solvers.catalogue.attached import is_same
from solvers.documents import Document, check, digest
from solvers.errors import Problem, SpecError, unknown
from solvers.problems import problems_of

MODULES: dict[str, str] = {
    "training": "solvers.training",
    "serving": "solvers.serving",
    "fleet": "solvers.fleet",
    "scaling": "solvers.scaling",
}
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
    """The JSON Schema of the kind's spec; where forms of it differ in a field, the field is either's."""
    get(name)
    return deepcopy(_schema(name))


@cache
def _schema(name: str) -> Document:
    kind = get(name)
    document: Document = kind.spec.model_json_schema()
    for form in kind.forms.values():
        document = _either(document, form.model_json_schema())
    return document


def _either(one: Document, other: Document) -> Document:
    """One schema of two: equal properties once, others as a choice with the title and the words of the first."""
    properties = dict(one["properties"])
    for name, node in other["properties"].items():
        if name in properties and properties[name] != node:
            kept = {key: value for key, value in properties[name].items() if key in ("title", "description")}
            properties[name] = {"anyOf": [_bare(properties[name]), _bare(node)], **kept}
    return {**one, "properties": properties, "$defs": {**one.get("$defs", {}), **other.get("$defs", {})}}


def _bare(node: Document) -> Document:
    """A reference without the words beside it; anything else as it stands."""
    return {"$ref": node["$ref"]} if "$ref" in node else node


def examples(name: str) -> dict[str, str]:
    """Example specs that ship with the kind, as YAML text by file stem."""
    get(name)
    folder = files(MODULES[name]) / "examples"
    found = {
        entry.name.removesuffix(".yaml"): entry.read_text("utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    }
    return dict(sorted(found.items()))


def parse(document: Mapping[str, Any]) -> Spec:
    """The frozen spec in SI units that `document` describes. SpecError lists everything that is wrong with it."""
    check(dict(document))
    if "kind" not in document:
        raise SpecError(
            Problem(
                "missing",
                "The spec does not say what kind of plan it asks for.",
                "/kind",
                f"Known: {', '.join(MODULES)}.",
            )
        )
    name = document["kind"]
    if not isinstance(name, str):
        raise SpecError(Problem("wrong_type", "A kind is a word.", "/kind", f"Known: {', '.join(MODULES)}."))
    kind = get(name)
    try:
        spec: Spec = _form(kind, document).model_validate(dict(document))
    except ValidationError as error:
        raise SpecError(*problems_of(error, _schema(name))) from None
    if spec.version > kind.version:
        message = f"This server knows version {kind.version} of kind '{name}'; the spec says {spec.version}."
        raise SpecError(Problem("version", message, "/version", f"Write `version: {kind.version}`."))
    return spec


def _form(kind: Kind[Any], document: Mapping[str, Any]) -> type[Spec]:
    """The spec that the document is written as."""
    for at, form in kind.forms.items():
        if _holds(document, at):
            return form
    return kind.spec


def _holds(document: Any, at: str) -> bool:
    for token in at.split("/")[1:]:
        if not isinstance(document, Mapping) or token not in document:
            return False
        document = document[token]
    return True


def spec_document(spec: Spec) -> Document:
    """The spec with every default filled in and every quantity in SI units."""
    document: Document = spec.model_dump(mode="json")
    return document


def spec_hash(spec: Spec) -> str:
    """What was asked, as a hash: what people call it is left out."""
    return digest(_question(spec))


def _question(spec: Spec) -> Document:
    return {key: value for key, value in spec_document(spec).items() if key not in NOT_THE_QUESTION}


def provenance(spec: Spec) -> Document:
    """Everything beside the spec that decides the result."""
    kind = get(spec.kind)
    return {
        "solver_version": f"{__version__}+{kind.name}.{kind.version}",
        "catalogue_version": catalogue.version(),
        "calibration": kind.calibration(spec),
        "seed": spec.seed,
    }


def result_key(spec: Spec) -> str:
    """The content address of the result: equal keys have equal results."""
    return digest({"spec_hash": spec_hash(spec), **provenance(spec)})


def solve(spec: Spec, progress: Progress = silent) -> Document:
    """The result document, with its question as `spec`. The caller fills in `search.seconds`: solvers read no clock."""
    kind = get(spec.kind)
    outcome = kind.solve(spec, progress)
    question = _question(spec)
    envelope = {"kind": kind.name, "version": kind.version, "spec_hash": digest(question)}
    tail = {
        "search": {
            "candidates": 0,
            "feasible": 0,
            "rejected": {},
            "optimality_gap": 0.0,
            **outcome.search,
            "seconds": None,
        },
        "provenance": {**provenance(spec), "data": dict(outcome.data)},
        "warnings": [
            {"code": warning.code, "message": warning.message, "at": warning.at} for warning in outcome.warnings
        ],
    }
    body = _solved(outcome, kind) if isinstance(outcome, Solved) else _infeasible(outcome)
    return {**_rounded({**envelope, **body, **tail}), "spec": question}


def taught_by(name: str) -> str:
    """The kind whose own calibrations specs of this kind take; a name that is no kind stands for itself."""
    return (get(name).taught_by if name in MODULES else "") or name


def can_be_tried(name: str) -> bool:
    """Whether a node can measure what plans of this kind assume."""
    kind = get(name)
    return kind.experiments is not None and kind.learn is not None


def experiments(spec: Spec, result: Document, capability: Document, budget_s: float) -> Document:
    """The jobs on a node of this capability from which, within so many device-seconds, most is learned of the plan."""
    kind = get(spec.kind)
    if kind.experiments is None:
        raise _untried(kind)
    return kind.experiments(spec, result, capability, budget_s)


def learn(spec: Spec, measurements: Sequence[Document]) -> Document:
    """An own calibration out of what nodes measured; the same for the same measurements."""
    kind = get(spec.kind)
    if kind.learn is None:
        raise _untried(kind)
    return kind.learn(spec, measurements)


def foretelling() -> list[str]:
    """The kinds whose calibrations say what rows of measurements should take."""
    return [name for name in MODULES if get(name).foretell is not None]


def foretold(
    name: str, calibration: Document | None, measured: Sequence[tuple[Document, Document]]
) -> list[tuple[Foretold | str, ...]]:
    """What rows of measurements should take by an own calibration of the kind, or by its published one.

    `measured` are recipes' documents, each with the node that measured as specs write nodes; of each document its rows'
    predictions, or in a sentence why there is none. SpecError: the calibration is wrong, or the kind has no words.
    """
    kind = get(name)
    if kind.foretell is None:
        raise _untried(kind)
    return kind.foretell(calibration, measured)


def calibrated_by(spec: Spec, learned: Document) -> Any:
    """What a spec's field `calibration` says with an own calibration that was learned, beside those that it keeps."""
    return get(spec.kind).calibrated_by(spec, learned)


def rests_on(spec: Spec, result: Document, device: str) -> float:
    """The share of a plan that runs on devices which machines call so; none where a spec has no one node."""
    kind = get(spec.kind)
    if kind.rests_on is not None:
        return kind.rests_on(spec, result, device)
    node = getattr(getattr(spec, "hardware", None), "node", None)
    return 1.0 if isinstance(node, Node) and is_same(node.gpu, device) else 0.0


def _untried(kind: Kind[Any]) -> SpecError:
    tried = [name for name in MODULES if can_be_tried(name)]
    message = f"No node can measure yet what plans of kind {kind.name} assume."
    return SpecError(Problem("cannot_be_tried", message, "/kind", f"Kinds that can: {', '.join(tried) or 'none'}."))


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
