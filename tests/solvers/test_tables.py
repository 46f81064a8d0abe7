"""Texts of tables in a spec."""

import pytest

from solvers.errors import Problem, SpecError
from solvers.tables import check_text


def problems(csv: str | None, file: str | None, **asked: object) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        check_text(csv, file, what="Runs", **asked)  # type: ignore[arg-type]
    return caught.value.problems


def _refuses(_: str) -> None:
    raise SpecError(Problem("bad_row", "Line 2: it is wrong."), Problem("wrong", "It is.", "/counts"))


def test_a_table_is_given_in_one_way():
    both, neither = problems("a,b", "x.csv"), problems(None, None)

    assert [(problem.code, problem.message) for problem in (*both, *neither)] == [
        ("contradiction", "Runs are given in one way: csv or file."),
        ("missing", "Runs have no table."),
    ]


def test_a_path_is_not_read_here():
    assert [(problem.code, problem.at) for problem in problems(None, "x.csv")] == [("not_a_table", "/file")]


def test_what_is_wrong_with_a_text_is_said_of_the_text_unless_it_is_of_another_field():
    found = problems("a,b", None, read=_refuses)

    assert [(problem.code, problem.at) for problem in found] == [("bad_row", "/csv"), ("wrong", "/counts")]


def test_a_text_that_can_be_read_passes():
    seen: list[str] = []

    check_text("a,b", None, what="Runs", read=seen.append)

    assert seen == ["a,b"]
