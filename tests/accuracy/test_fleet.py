from solvers.accuracy.document import Figure
from solvers.fleet.scenarios import Told, line
from tests.accuracy.fleet import Case, cases, savings


def test_what_was_printed_of_random_questions_is_read_again():
    told = [
        Told(0, "2 h100-sxm + 1 l4", 12.5, (0.1, 0.02), (0.0,), (-0.9, 0.05)),
        Told(1, "no plan", 0.0, ()),
        Told(12, "3 l40s-spot", 3.0, (-0.01,), (0.2, 0.0), (0.1,)),
    ]

    found = cases("".join(map(line, told)) + "1 of 2 plans hold\n")

    assert found == [
        Case(0, "2 h100-sxm + 1 l4", (0.1, 0.02), (-0.9, 0.05)),
        Case(12, "3 l40s-spot", (-0.01,), (0.1,)),
    ]
    assert [(one.missed, one.missed_alone) for one in found] == [([0.0, 0.0], [0.9, 0.0]), ([0.01], [0.0])]


def test_what_was_printed_of_melange_is_read_again():
    printed = "chat at 120 ms saves 0% to 91%, against A100 and H100 0% to 87%; published 15% to 77%\n12 CPU s\n"

    assert savings(printed) == [
        Figure(
            what="a mix saves on chat, 120 ms a token, against A100 or H100 alone",
            found="0 % to 87 %",
            beside="Melange, published, against any one type: 15 % to 77 %",
        )
    ]
