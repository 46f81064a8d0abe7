"""Every bound that a field of a spec states really holds: pydantic drops some of them without a word.

A bound is stated where the field is written (`Field(gt=0)`) or in the JSON Schema that people read. For each of them a
value beyond it is tried on that field alone.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import annotated_types
import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo

from solvers import kinds
from solvers.base import Part, Positive
from solvers.documents import Document
from solvers.units import Seconds

LEAST = {"minimum", "exclusiveMinimum"}
MOST = {"maximum", "exclusiveMaximum"}


class Beyond(NamedTuple):
    """A value that a bound of a field refuses."""

    model: type[BaseModel]
    field: str
    bound: str
    value: Any

    @property
    def name(self) -> str:
        """For pytest's list."""
        return f"{self.model.__name__}.{self.field} {self.bound}"


def _models(annotation: Any, seen: set[type[BaseModel]]) -> None:
    """All mappings that a type holds, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in seen:
            seen.add(annotation)
            for info in annotation.model_fields.values():
                _models(info.annotation, seen)
        return
    for part in get_args(annotation):
        _models(part, seen)


def _written(info: FieldInfo) -> Iterator[Any]:
    """What the field's code says of its own value, whatever became of it; of a union, what holds for each branch."""
    yield from info.metadata
    for branch in get_args(info.annotation):
        if get_origin(branch) is Annotated:
            yield from (fact for part in get_args(branch)[1:] for fact in getattr(part, "metadata", [part]))


def _read(node: Document, definitions: Document) -> Iterator[Document]:
    """The field's own schema and those of its branches."""
    node = definitions[node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node
    yield node
    for branch in node.get("anyOf", []):
        yield from _read(branch, definitions)


def _beyond(model: type[BaseModel], field: str, info: FieldInfo) -> Iterator[Beyond]:
    whole = int in (info.annotation, *_bare(info.annotation))
    for fact in _written(info):
        for kind, name, sign in (
            (annotated_types.Ge, "ge", -1), (annotated_types.Gt, "gt", 0),
            (annotated_types.Le, "le", 1), (annotated_types.Lt, "lt", 0),
        ):  # fmt: skip
            if isinstance(fact, kind):
                limit = getattr(fact, name)
                step = 1 if whole else 1e-9 * max(abs(limit), 1.0)
                yield Beyond(model, field, f"{name} {limit:g}", limit + sign * step)
        if isinstance(fact, annotated_types.MaxLen):
            yield Beyond(model, field, f"max_length {fact.max_length}", _long(info, fact.max_length + 1))
    shape = model.model_json_schema()
    nodes = list(_read(shape["properties"].get(field, {}), shape.get("$defs", {})))
    for words, better in ((LEAST, min), (MOST, max)):
        stated = [node[word] for node in nodes for word in words & node.keys()]
        if stated:
            worst = better(stated)
            yield Beyond(model, field, f"schema {worst:g}", _next(worst, -1 if words is LEAST else 1))


def _next(limit: float, step: int) -> float:
    """A whole step beyond the limit, or the next number where that is no other."""
    return limit + step if limit + step != limit else math.nextafter(limit, step * math.inf)


def _bare(annotation: Any) -> list[Any]:
    found = []
    for branch in get_args(annotation):
        found += [branch, *_bare(branch)]
    return found


def _long(info: FieldInfo, count: int) -> Any:
    """A text or a list of so many."""
    return "x" * count if info.annotation is str else [None] * count


def _all() -> list[Beyond]:
    seen: set[type[BaseModel]] = set()
    for name in kinds.names():
        for form in (kinds.get(name).spec, *kinds.get(name).forms.values()):
            _models(form, seen)
    every = [
        one
        for model in sorted(seen, key=lambda model: (model.__module__, model.__name__))
        for field, info in model.model_fields.items()
        for one in _beyond(model, field, info)
    ]
    return list({one.name: one for one in every}.values())


def _refused(beyond: Beyond) -> bool:
    """Whether the field alone, without its neighbours, takes the value."""
    info = beyond.model.model_fields[beyond.field]
    alone = TypeAdapter(create_model("Alone", **{beyond.field: (info.annotation, info)}))  # type: ignore[call-overload]
    try:
        alone.validate_python({beyond.field: beyond.value})
    except ValidationError as error:
        return {problem["loc"][0] for problem in error.errors()} == {beyond.field}
    return False


@pytest.mark.parametrize("beyond", _all(), ids=lambda one: one.name)
def test_a_value_beyond_a_stated_bound_is_refused(beyond: Beyond) -> None:
    assert _refused(beyond)


class _Dropped(Part):
    """Bounds that pydantic drops: it keeps the type's own one, and none beside a plain validator."""

    most: Positive = Field(ge=2)
    wait: Seconds = Field(gt=0)


def test_a_bound_that_pydantic_drops_is_noticed() -> None:
    fields = _Dropped.model_fields.items()
    found = [one.name for field, info in fields for one in _beyond(_Dropped, field, info) if not _refused(one)]

    assert found == ["_Dropped.most ge 2", "_Dropped.wait gt 0"]
