"""Nothing is worked out twice."""

from solvers.fleet.supply.known import Known


def test_an_answer_is_worked_out_once_for_questions_that_are_equal() -> None:
    known, asked = Known(), list[int]()

    def work() -> int:
        asked.append(1)
        return len(asked)

    found = [known.answer(("a", (1, 2)), work), known.answer(("a", (1, 2)), work), known.answer(("b",), work)]

    assert found == [1, 1, 2]
