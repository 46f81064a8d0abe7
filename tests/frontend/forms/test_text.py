"""Edits of YAML keep what people wrote around them; each field knows its line."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontend.forms import text
from solvers import documents
from solvers.errors import Problem

WRITTEN = """# our cluster
kind: training
name: "Llama"   # quoted
hardware: {node: dgx-h100, nodes: 64}     # booked until May
tokens: 1.4e12

options:
  # keep this
  allow: [tp, pp]
"""
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**18) | st.floats(allow_nan=False, allow_infinity=False) | WORDS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(WORDS, VALUES, min_size=1, max_size=5)


def test_a_text_that_says_the_document_already_is_left_as_it_is():
    assert text.edited(WRITTEN, documents.read(WRITTEN)) == WRITTEN


def test_an_edit_changes_one_value_and_keeps_every_comment():
    document = documents.read(WRITTEN)
    document["hardware"]["nodes"] = 32
    document["options"]["allow"] = ["tp"]

    assert text.edited(WRITTEN, document) == WRITTEN.replace("nodes: 64", "nodes: 32").replace("[tp, pp]", "[tp]")


def test_new_fields_are_written_short_and_large_numbers_with_an_exponent():
    document = documents.read(WRITTEN) | {"budget": 2.5e13, "constraints": {"deadline": "40 days"}, "word": "1e5"}

    added = text.edited(WRITTEN, document).removeprefix(WRITTEN)

    assert added == "budget: 2.5e13\nconstraints: {deadline: 40 days}\nword: '1e5'\n"


def test_a_field_that_goes_takes_its_line_with_it():
    document = documents.read(WRITTEN)
    del document["tokens"]

    assert documents.read(text.edited(WRITTEN, document)) == document


def test_text_that_cannot_be_read_is_written_anew():
    assert text.edited("kind: [", {"kind": "training"}) == "kind: training\n"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=DOCUMENTS, after=DOCUMENTS)
def test_whatever_the_edit_the_text_says_exactly_the_document(before, after):
    edited = text.edited(documents.dump_yaml(before), after)

    assert documents.read(edited) == documents.read(documents.dump_yaml(after))


def test_every_key_and_item_has_its_line():
    assert text.lines("kind: training\nhardware:\n  node: x\noptions: {allow: [tp,\n  pp]}\n") == {
        "/kind": 1,
        "/hardware": 2,
        "/hardware/node": 3,
        "/options": 4,
        "/options/allow": 4,
        "/options/allow/0": 4,
        "/options/allow/1": 5,
    }
    assert text.lines("kind: [") == {}


def test_a_problem_is_on_the_line_of_its_field_or_of_what_is_around_it_or_where_it_says():
    known = {"/hardware": 2, "/hardware/node": 3}

    found = [
        text.line_of(Problem("a", "wrong", at), known) for at in ("/hardware/node", "/hardware/nodes", "/model", "")
    ] + [text.line_of(Problem("syntax", "not YAML (line 7, column 2)."), known)]

    assert found == [3, 2, 1, 1, 7]


def test_a_text_of_several_lines_stands_in_lines_of_its_own_inside_a_mapping():
    changed = text.edited(
        "kind: scaling\n", {"kind": "scaling", "runs": {"csv": "a,b\n1,2", "columns": {"params": "a"}}}
    )

    assert changed == "kind: scaling\nruns:\n  csv: |-\n    a,b\n    1,2\n  columns: {params: a}\n"
