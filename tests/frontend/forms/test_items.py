"""A list of mappings that is filled one by one: cards, one more, one less, and the text that follows."""

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from frontend.forms import text, values
from frontend.forms.fields import Field, fields
from solvers.documents import Document, read
from solvers.errors import Problem

SHELF = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "wood": {"enum": ["oak", "ash"], "title": "Wood"},
        "boards": {"type": "integer", "title": "Boards"},
        "size": {"type": "object", "properties": {"width": {"type": "number"}}},
        "marks": {"type": "array", "items": {"type": "number"}, "examples": [[1, 2.5]]},
    },
}
SCHEMA = {
    "type": "object",
    "properties": {"shelves": {"type": "array", "items": {"$ref": "#/$defs/Shelf"}, "x-each": "shelf"}},
    "$defs": {"Shelf": SHELF},
}
(SHELVES,) = fields(SCHEMA)
DOCUMENT: Document = {"shelves": [{"name": "left", "boards": 3, "size": {"width": 0.5}}, {"wood": "ash", "boards": 4}]}


def _nothing(section: str, name: str) -> None:
    """A catalogue without entries."""


def _after(said: dict[str, str], document: Document = DOCUMENT) -> Document:
    query = QueryDict(urlencode({"has:/shelves": "1", **said}))
    return values.document_from(query, (SHELVES,), document, _nothing)


def _flat(bound: values.Bound) -> list[tuple[str, str]]:
    return [(bound.field.at, bound.text), *(pair for child in bound.children for pair in _flat(child))]


def test_such_a_list_is_a_field_of_items_whose_inputs_wait_for_their_number() -> None:
    def inputs(field: Field) -> list[tuple[str, str]]:
        return [(field.at, field.widget), *(pair for child in field.children for pair in inputs(child))]

    assert SHELVES.each == "shelf"
    assert inputs(SHELVES) == [
        ("/shelves", "items"),
        ("/shelves/*/name", "text"),
        ("/shelves/*/wood", "select"),
        ("/shelves/*/boards", "number"),
        ("/shelves/*/size", "group"),
        ("/shelves/*/size/width", "number"),
        ("/shelves/*/marks", "list"),
    ]


def test_a_list_of_numbers_shows_one_as_its_example() -> None:
    assert SHELVES.children[-1].placeholder == "e.g. 1, 2.5"


def test_each_mapping_is_a_card_called_by_its_name_or_by_what_it_says() -> None:
    (bound,) = values.bind((SHELVES,), DOCUMENT)

    assert [(card.field.at, card.field.label) for card in bound.children] == [
        ("/shelves/0", "left"),
        ("/shelves/1", "ash"),
    ]
    assert [pair for pair in _flat(bound) if pair[1]] == [
        ("/shelves/0/name", "left"),
        ("/shelves/0/boards", "3"),
        ("/shelves/0/size/width", "0.5"),
        ("/shelves/1/wood", "ash"),
        ("/shelves/1/boards", "4"),
    ]


def test_a_problem_stands_in_its_card() -> None:
    problem = Problem("wrong", "No.", "/shelves/1/boards")

    (bound,) = values.bind((SHELVES,), DOCUMENT, (problem,))

    assert [card.wrong for card in bound.children] == [False, True]
    assert values.unplaced((bound,), (problem,)) == ()


def test_what_cards_say_is_put_into_their_mappings() -> None:
    said = {"has:/shelves/1/boards": "1", "f:/shelves/1/boards": "5", "has:/shelves/1/size/width": "1"}

    document = _after({**said, "f:/shelves/1/size/width": "2", "has:/shelves/0/name": "1", "f:/shelves/0/name": ""})

    assert document == {
        "shelves": [
            {"boards": 3, "size": {"width": 0.5}},
            {"wood": "ash", "boards": 5, "size": {"width": 2}},
        ]
    }


def test_one_more_is_like_the_last_but_for_its_name() -> None:
    one = {"shelves": [{"name": "left", "boards": 3}]}

    assert _after({"add:/shelves": "1"}, one) == {"shelves": [{"name": "left", "boards": 3}, {"boards": 3}]}


def test_the_first_one_starts_empty_and_the_last_one_takes_the_list_with_it() -> None:
    assert _after({"add:/shelves": "1"}, {}) == {"shelves": [{}]}
    assert _after({"drop:/shelves/0": "1"}) == {"shelves": [{"wood": "ash", "boards": 4}]}
    assert _after({"drop:/shelves/0": "1", "drop:/shelves/1": "1"}) == {}


def test_what_is_no_list_of_mappings_is_text() -> None:
    (bound,) = values.bind((SHELVES,), {"shelves": ["left", 2]})

    assert (bound.children, bound.text) == ((), "- left\n- 2\n")
    assert _after({"f:/shelves": "- {name: left}"}, {"shelves": ["left"]}) == {"shelves": [{"name": "left"}]}


def test_the_page_changes_its_shape_with_the_number_of_cards() -> None:
    shapes = {values.shape(values.bind((SHELVES,), {"shelves": [{}] * count})) for count in (1, 2, 3)}

    assert len(shapes) == 3


WRITTEN = """\
shelves:
# the one at the window
- name: left   # by the door
  boards: 3
- {wood: ash, boards: 4}
"""


def _edited(change: Any) -> str:
    document = read(WRITTEN)
    change(document["shelves"])
    return text.edited(WRITTEN, document)


def test_a_changed_item_keeps_the_comments_of_all() -> None:
    assert _edited(lambda shelves: shelves[0].update(boards=5)) == WRITTEN.replace("boards: 3", "boards: 5")


def test_an_item_that_comes_last_leaves_the_others_as_they_are() -> None:
    more = {"name": "right", "marks": [1, 2], "size": {"width": 2}, "note": "two\nlines\n"}

    assert _edited(lambda shelves: shelves.append(more)) == (
        WRITTEN + "- name: right\n  marks: [1, 2]\n  size: {width: 2}\n  note: |\n    two\n    lines\n"
    )


def test_an_item_that_goes_takes_only_its_own_lines() -> None:
    assert _edited(lambda shelves: shelves.pop(1)) == WRITTEN.replace("- {wood: ash, boards: 4}\n", "")
    assert "by the door" not in _edited(lambda shelves: shelves.pop(0))
