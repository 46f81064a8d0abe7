"""Decimal commas are read where nothing contradicts them, and told once a column where something does."""

import pytest

from solvers.errors import SpecError
from solvers.scaling.runs.read import read

SAID = {"counts": "total", "loss_unit": "nats/token"}


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_of_decimal_commas_is_read_as_one_of_points(mark):
    rows = ["N;D;loss;lr", "1,2e8;2,4B;3,310;0,002", "2e8;4000000000;2,987;0,001"]

    found = read("\n".join(rows).replace(";", mark), **SAID)

    assert {name: values.tolist() for name, values in found.runs.inputs.items()} == {
        "params": [1.2e8, 2e8], "tokens": [2.4e9, 4e9], "learning_rate": [0.002, 0.001],
    }  # fmt: skip
    assert found.runs.loss.tolist() == [3.31, 2.987]
    assert [one.message for one in found.warnings] == ["Commas were read as decimal points in 'N', 'D', 'loss', 'lr'."]


def test_thousands_stay_thousands():
    found = read("N;D;loss\n120,000,000;2,400,000,000;3.31\n", **SAID)

    assert (found.runs.inputs["params"].tolist(), found.runs.loss.tolist()) == ([1.2e8], [3.31])
    assert found.warnings == ()


def test_commas_that_may_be_either_beside_decimal_ones_are_told():
    with pytest.raises(SpecError) as caught:
        read("N (M);D;loss\n1,200;2e9;3,31\n", **SAID)

    assert [problem.message for problem in caught.value.problems] == [
        "Column 'N (M)': '1,200' on line 2 may be thousands or a decimal comma, which other columns have."
    ]


@pytest.mark.parametrize(
    "text",
    ["N;D;loss;lr\n1e8;2e9;3,31;0.001\n2e8;4e9;2,98;0.001\n", 'N,D,loss,lr\n1e8,2e9,"3,31",1\n2e8,4e9,"2,98",1\n'],
)
def test_decimal_commas_that_something_contradicts_are_told_once_a_column(text):
    with pytest.raises(SpecError) as caught:
        read(text, **SAID)

    assert [(problem.message, problem.hint) for problem in caught.value.problems] == [
        (
            "Column 'loss': 2 numbers have a decimal comma, such as '3,31' on line 2.",
            "Write points; or part columns by semicolons and write commas in all numbers.",
        )
    ]
