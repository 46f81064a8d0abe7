from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError

from solvers.errors import Problem
from solvers.problems import problems_of


class Item(BaseModel):
    """Something with a number."""

    number: Annotated[int, Field(ge=1, description="One or more.")]


class Several(BaseModel):
    """At least one of them."""

    items: tuple[Item, ...] = Field(min_length=1, description="What there is.")


def problems(document: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as raised:
        Several.model_validate(document)
    return [(one.code, one.at) for one in problems_of(raised.value, Several.model_json_schema())]


def test_a_list_whose_only_item_is_wrong_is_not_also_too_short():
    assert problems({"items": [{"number": 0}]}) == [("greater_than_equal", "/items/0/number")]


def test_an_empty_list_is_too_short():
    assert problems({"items": []}) == [("too_short", "/items")]


def test_the_hint_is_what_the_field_says():
    with pytest.raises(ValidationError) as raised:
        Several.model_validate({"items": [{"number": 0}]})

    [found] = problems_of(raised.value, Several.model_json_schema())

    assert found == Problem(
        "greater_than_equal", "Input should be greater than or equal to 1.", "/items/0/number", "One or more."
    )
