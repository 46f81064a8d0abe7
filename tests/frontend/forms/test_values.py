"""What inputs show of a document, and the document that inputs say."""

from django.http import QueryDict

from frontend.forms import values
from frontend.forms.fields import fields
from solvers import kinds
from solvers.errors import Problem
from tests.frontend.forms.test_fields import SCHEMA

TREE = fields(SCHEMA)


def posted(**said: list[str]) -> QueryDict:
    """What a browser sends: `has:` for each field on the page, `f:` for what it holds, `own:` for own descriptions."""
    query = QueryDict(mutable=True)
    for at, value in said.items():
        query.setlist(f"has:/{at}", ["1"])
        query.setlist(f"f:/{at}", value)
    return query


def nothing(section: str, name: str) -> None:
    """A catalogue without entries."""


def test_inputs_give_numbers_words_and_lists_as_the_schema_means_them():
    post = posted(
        count=["3"],
        name=["405"],
        level=["1"],
        fragile=["true"],
        allow=["a", "b"],
        words=["x, y,"],
        extra=["tp: 8, pp=2"],
    )

    document = values.document_from(post, TREE, {"kind": "parcel"}, nothing)

    assert document == {
        "kind": "parcel",
        "name": "405",
        "count": 3,
        "allow": ["a", "b"],
        "level": 1,
        "fragile": True,
        "extra": {"tp": 8, "pp": 2},
        "words": ["x", "y"],
    }


def test_a_choice_that_does_not_exist_stays_chosen_to_be_refused():
    (allow,) = [bound for bound in values.bind(TREE, {"allow": ["a", "z"]}) if bound.field.name == "allow"]

    assert (allow.chosen, allow.strange) == (("a", "z"), ("z",))


def test_what_is_no_number_stays_text_for_pydantic_to_refuse():
    assert values.document_from(posted(count=["many"]), TREE, {}, nothing) == {"count": "many"}


def test_an_empty_input_is_a_key_left_out_and_what_the_form_does_not_show_stays():
    document = values.document_from(
        posted(count=[""], name=[""]), TREE, {"count": 3, "name": "x", "unknown": [1]}, nothing
    )

    assert document == {"unknown": [1]}


def test_a_default_that_is_on_is_written_only_when_it_is_switched_off():
    on = values.document_from(QueryDict("has:/limits/tight=1&f:/limits/tight=true"), TREE, {}, nothing)
    off = values.document_from(QueryDict("has:/limits/tight=1"), TREE, {}, nothing)

    assert (on, off) == ({}, {"limits": {"tight": False}})


def test_describing_ones_own_starts_from_the_catalogues_entry_and_going_back_takes_its_name():
    own = values.document_from(
        QueryDict("has:/box=1&f:/box=small&own:/box=on"),
        TREE,
        {"box": "small"},
        lambda section, name: {"name": name, "size": section},
    )
    back = values.document_from(QueryDict("has:/box=1&f:/box="), TREE, own, nothing)

    assert own == {"box": {"name": "small", "size": "boxes"}}
    assert back == {"box": "small"}


def test_fields_of_ones_own_description_change_it_in_place():
    post = QueryDict(
        "has:/box=1&own:/box=on&f:/box=&has:/box/size=1&f:/box/size=90 GB&has:/box/colour=1&f:/box/colour="
    )

    document = values.document_from(post, TREE, {"box": {"name": "mine", "size": "80 GB", "colour": "blue"}}, nothing)

    assert document == {"box": {"name": "mine", "size": "90 GB"}}


def test_a_mapping_in_other_words_is_shown_as_text_and_read_back_from_it():
    bound = next(one for one in values.bind(TREE, {"box": {"hidden_size": 8192}}) if one.field.at == "/box")

    document = values.document_from(
        QueryDict("has:/box=1&own:/box=on&f:/box=hidden_size: 4096"), TREE, {"box": {"hidden_size": 8192}}, nothing
    )

    assert (bound.own, bound.children, bound.text) == (True, (), "hidden_size: 8192\n")
    assert document == {"box": {"hidden_size": 4096}}


def test_a_mapping_pasted_where_a_name_goes_is_a_mapping():
    document = values.document_from(QueryDict('has:/box=1&f:/box={"size": 3}'), TREE, {}, nothing)

    assert document == {"box": {"size": 3}}


def test_problems_stand_at_the_deepest_field_on_the_page():
    deep, shallow, lost = (
        Problem("a", "deep", "/box/size/0"),
        Problem("b", "shallow", "/box"),
        Problem("c", "lost", "/gone"),
    )

    by_name = values.bind(TREE, {"box": "small"}, (deep, shallow, lost))
    own = values.bind(TREE, {"box": {"size": "x"}}, (deep, shallow, lost))

    assert next(one.problems for one in by_name if one.field.at == "/box") == (deep, shallow)
    assert next((one.problems, one.children[0].problems) for one in own if one.field.at == "/box") == (
        (shallow,),
        (deep,),
    )
    assert values.unplaced(own, (deep, shallow, lost)) == (lost,)


def test_rare_fields_fold_until_they_say_something():
    empty = {one.field.at: one.folded for one in values.bind(TREE, {})}
    filled = {one.field.at: one.folded for one in values.bind(TREE, {"seed": 7})}
    wrong = {one.field.at: one.folded for one in values.bind(TREE, {}, (Problem("a", "no", "/seed"),))}

    assert (empty["/seed"], filled["/seed"], wrong["/seed"], empty["/count"]) == (True, False, False, False)


def test_the_shape_changes_with_the_inputs_and_not_with_their_values():
    shapes = [
        values.shape(values.bind(TREE, document)) for document in ({"box": "a"}, {"box": "b"}, {"box": {"size": 1}})
    ]

    assert shapes[0] == shapes[1] != shapes[2]


def test_values_are_shown_as_people_write_them():
    shown = [values.shown(value) for value in (None, True, 8, 1.4e12, 0.08, "80 GB", {"a": 1})]

    assert shown == ["", "true", "8", "1.4e12", "0.08", "80 GB", '{"a": 1}']


def test_a_pointer_reads_and_writes_with_its_escapes():
    document = {"a/b": {"~": [10, 20]}}

    assert values.value_at(document, "/a~1b/~0/1") == 20
    assert values.value_at(document, "/a~1b/x") is values.MISSING
    assert values.with_value(document, "/a~1b/c", 1) == {"a/b": {"~": [10, 20], "c": 1}}
    assert values.with_value(document, "/a~1b", values.MISSING) == {}


def test_items_of_lists_are_numbers_where_the_schema_has_numbers():
    services, market = (field for field in fields(kinds.schema("fleet")) if field.name in ("services", "market"))
    named = {field.at: field for field in (*services.children, *market.children)}

    asked = ("/services/*/demand", "/market/*/prices", "/services/*/zones")
    read = [values.READERS["list"]("0.5, 1, 2 USD/h", named[at]) for at in asked]

    assert read == [[0.5, 1, "2 USD/h"], [0.5, 1, "2 USD/h"], ["0.5", "1", "2 USD/h"]]
