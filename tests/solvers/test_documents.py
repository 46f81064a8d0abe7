"""Reading people's documents: what is accepted, what is refused, and that nothing is built before it is checked."""

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers import documents
from solvers.documents import MAX_BYTES, MAX_VALUES, canonical, check, digest, dump_yaml, pointer_token, read
from solvers.errors import Problem, SpecError, TooLarge

BILLION_LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"


def problem(text: str | bytes) -> Problem:
    with pytest.raises(SpecError) as caught:
        read(text)
    return caught.value.problems[0]


def test_read_takes_yaml_and_json_scalars_as_people_mean_them() -> None:
    document = read("a: 1\nb: [2.5, 1e9, 1.4e12, .5, 1_000, yes, true, ~, '1', 2024-01-01]\nc: |\n  text\nd:\n")

    assert document == {
        "a": 1,
        "b": [2.5, 1e9, 1.4e12, 0.5, 1000, "yes", True, None, "1", "2024-01-01"],
        "c": "text\n",
        "d": None,
    }
    assert read('{"a": {"b": [1, "x", null]}}') == {"a": {"b": [1, "x", None]}}


def test_read_takes_json_with_escaped_surrogate_pairs() -> None:
    assert read('{"name": "\\ud83d\\ude00 \\u007f"}') == {"name": "\U0001f600 \x7f"}


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ('{"a": {"b": 1, "b": 2}}', "duplicate_key", "/a/b"),
        ('{"a": [NaN]}', "not_finite", "/a/0"),
        ('{"a": -Infinity}', "not_finite", "/a"),
        ('{"a": ' + "[" * 100_000, "too_deep", ""),
        ('{"a": ' + "9" * 200_000 + "}", "too_large", "/a"),
        (BILLION_LAUGHS, "alias", ""),
        ("a: !!python/object:os.system x", "tag", ""),
        ("", "empty", ""),
        ("# only a comment", "empty", ""),
        ("- 1", "not_a_mapping", ""),
        ("just words", "not_a_mapping", ""),
        ("a: 1\n---\nb: 2", "several_documents", ""),
        ("a: b: c", "syntax", ""),
        ('a: "\\ud800"', "syntax", ""),
        ("a\x00b: 1", "bad_character", ""),
        ("csv: |\n  PK\x03\x04\x14\x00\x06", "spreadsheet", ""),
        ("name: a\u202eb", "bad_character", ""),
        (b"\xff\xfe\xff", "not_utf8", ""),
        ("? [1]\n: 2", "key_not_text", ""),
        ("x:\n  a: 1\n  a: 2", "duplicate_key", "/x/a"),
        ("a: [1, .nan]", "not_finite", "/a/1"),
        ("a: -.inf", "not_finite", "/a"),
        ("a: 1e400", "not_finite", "/a"),
        ("a: " + "9" * 200_000, "too_large", "/a"),
        ("[" * 20_000, "too_deep", ""),
        ("{a: " * 40 + "1" + "}" * 40, "too_deep", ""),
        ("x" * (MAX_BYTES + 1), "too_large", ""),
    ],
)
def test_read_refuses_with_a_code_a_place_and_a_hint(text: str | bytes, code: str, at: str) -> None:
    started = time.monotonic()

    found = problem(text)

    assert (found.code, found.at) == (code, at)
    assert found.message.endswith(".")
    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("text", ["a: [" + "1," * MAX_VALUES + "1]", '{"a": [' + "[]," * MAX_VALUES + "[]]}"])
def test_what_is_data_and_no_spec_is_refused_with_how_to_carry_it(text: str) -> None:
    found = problem(text)

    assert (found.code, found.at) == ("too_large", "")
    assert found.message == "The document has more than 100,000 keys and values."
    assert found.hint == "Carry a long table as one text, such as `runs: {csv: ...}`."


def test_read_says_which_line_is_wrong() -> None:
    assert problem("a: 1\nb: [1, 2").message.startswith("This is not YAML or JSON: ")
    assert "line 3" in problem("a: 1\nb: 2\nb: 3").message


@pytest.mark.parametrize(
    ("value", "code", "at"),
    [
        ({"a": [1.0, math.nan]}, "not_finite", "/a/1"),
        ({"a/b": math.inf}, "not_finite", "/a~1b"),
        ({"a": 10**40}, "too_large", "/a"),
        ({"a": "\ud800"}, "bad_character", "/a"),
        ({"a": "\u2066b"}, "bad_character", "/a"),
        ({"runs": {"csv": "PK\x03\x04\x14\x00"}}, "spreadsheet", "/runs/csv"),
        ({"a": [[1, 2]] * MAX_VALUES}, "too_large", ""),
        ({1: 2}, "key_not_text", ""),
        (json.loads("[" * 40 + "]" * 40), "too_deep", "/0" * 33),
    ],
)
def test_check_refuses_in_parsed_values_what_read_refuses_in_text(value: object, code: str, at: str) -> None:
    with pytest.raises(SpecError) as caught:
        check(value)

    assert (caught.value.problems[0].code, caught.value.problems[0].at) == (code, at)


def test_too_large_is_its_own_error() -> None:
    with pytest.raises(TooLarge):
        read("x" * (MAX_BYTES + 1))


def test_canonical_form_ignores_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": [1.5, "é"]}) == '{"a":[1.5,"é"],"b":1}'.encode()
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})


def test_pointer_token_escapes_as_rfc_6901() -> None:
    assert pointer_token("a/b~c") == "a~1b~0c"


# What turns the direction of the text is refused; a test of its own says so.
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters=TURNING), max_size=20)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_a_document_survives_yaml_and_json(document: dict[str, Any]) -> None:
    assert read(dump_yaml(document)) == document
    assert read(json.dumps(document, ensure_ascii=False)) == document


@pytest.mark.parametrize(
    "text", ["1e9", "1.0", "0x1f", "null", "~", "", " x", "1_000", "true", ".nan", "yes", "2024-01-01", "a: b", "# c"]
)
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    assert read(documents.dump_yaml({"a": text})) == {"a": text}
