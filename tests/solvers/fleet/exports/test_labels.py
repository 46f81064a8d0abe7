"""Names as clusters take them."""

from hypothesis import given
from hypothesis import strategies as st

from solvers.fleet.exports import labels
from tests.solvers.fleet.exports.test_exports import DNS_LABEL


@given(st.lists(st.text(max_size=90), unique=True, max_size=8))
def test_every_name_has_a_label_of_its_own(names):
    found = labels.unique(names)

    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert all(DNS_LABEL.fullmatch(label) and len(label) <= labels.LONGEST for label in found.values())


def test_names_that_would_be_alike_are_numbered():
    assert labels.unique(["Chat.1", "chat-1", "chat_1"]) == {
        "Chat.1": "chat-1", "chat-1": "chat-1-2", "chat_1": "chat-1-3",
    }  # fmt: skip


def test_a_label_starts_with_a_letter_where_it_has_to():
    assert labels.label("4090-box") == "x-4090-box"
