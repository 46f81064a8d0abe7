"""Sizes that one picks from, and the runners-up."""

import pytest

from frontend.figures import view
from frontend.figures.scaling import frontier
from frontend.figures.theme import theme
from solvers.documents import Document
from tests.frontend.figures.scaling import sample

LIGHT = theme("light")


@pytest.fixture
def solved() -> Document:
    return sample.solved()


def test_each_size_is_one_point_though_several_parts_speak_of_it(solved: Document) -> None:
    assert [(point.key, *point.cells, point.standing) for point in frontier.points(solved)] == [
        ("f1", "2.5e+09", "2.50B", "800B", "1.2e22 FLOP", "2.100", "on the frontier"),
        ("a0", "5B on 400B", "5B", "400B", "1.2e22 FLOP", "2.020", "alternative"),
        ("plan", "10B parameters on 200B tokens", "10B", "200B", "1.2e22 FLOP", "2.000", "this plan"),
    ]
    assert frontier.title(solved) == "2.50B parameters on 800B tokens would have 5.0 % more loss at the same compute"


def test_the_chart_has_the_ring_last(solved: Document) -> None:
    drawn = frontier.figure(solved, LIGHT)

    assert [trace.name for trace in drawn.data] == [
        "Alternatives", "Least loss for its size", "On the frontier", "This plan", "Picked",
    ]  # fmt: skip
    assert (list(drawn.data[1].x), list(drawn.data[1].y)) == ([2.5e9, 1e10], [2.1, 2.0])


def test_a_picked_size_is_asked_for_with_what_the_target_says_else(solved: Document) -> None:
    solved["plan"]["target"]["served_tokens"] = 1e13
    solved["spec"]["target"]["served_tokens"] = 1e13

    picked = frontier.pick(solved, "f1")

    assert picked is not None
    assert picked.changes == (("/target", {"params": 2.5e9, "tokens": 8e11, "served_tokens": 1e13}),)
    assert [(one.label, one.picked, one.answer, one.change, one.better) for one in picked.numbers] == [
        ("Loss", "2.100", "2.000", "+5.0 %", False),
        ("Parameters", "2.50B", "10B", "−75.0 %", None),
        ("Tokens", "800B", "200B", "+300.0 %", None),
        ("Training", "1.2e22 FLOP", "1.2e22 FLOP", "", None),
        ("Serving", "5e22 FLOP", "2e23 FLOP", "−75.0 %", None),
        ("Together", "6.2e22 FLOP", "2.1e23 FLOP", "−70.8 %", True),
    ]


def test_a_law_alone_is_asked_for_by_its_name(solved: Document) -> None:
    picked = frontier.pick(solved, "a1")

    assert picked is not None
    assert (picked.changes, picked.act) == ((("/options/laws", ["skaling"]),), "Plan with this law alone")


@pytest.mark.parametrize("key", ["", "f9", "a", "x0", "f-1", "f²"])
def test_a_key_of_nothing_picks_nothing(solved: Document, key: str) -> None:
    assert frontier.pick(solved, key) is None


def test_without_another_size_there_is_nothing_to_pick_from(solved: Document) -> None:
    solved.update(frontier=[], alternatives=solved["alternatives"][1:])

    assert frontier.points(solved) == ()
    assert frontier.pick(sample.bare(), "plan") is None


def test_the_runners_up_have_their_intervals(solved: Document) -> None:
    choices = view("scaling").choices(solved)

    assert [(choice.rank, choice.label, choice.why_not) for choice in choices] == [
        ("★", "10B parameters on 200B tokens", "this plan"),
        ("2", "5B on 400B", "more loss"),
        ("3", "Skaling alone", "more loss"),
    ]
    assert choices[1].cells == (
        ("Parameters", "5B", ""), ("Tokens", "400B", ""), ("Tokens a parameter", "80", ""),
        ("Loss", "2.020", "1.959 – 2.081"),
    )  # fmt: skip
