import math

import pytest

from solvers.errors import SpecError
from solvers.scaling.runs.columns import columns_of
from solvers.scaling.runs.records import Recorded, recorded
from solvers.scaling.runs.table import LISTED, table_of


def _recorded(text: str) -> Recorded:
    table = table_of(text)
    return recorded(table, columns_of(table.columns, {})[0])


@pytest.mark.parametrize(
    ("text", "tokens", "how"),
    [
        ("N,D,loss\n1e8,2e9,3", 2e9, ""),
        ("N,max_steps,global_step,batch_tokens,loss\n1e8,100,50,1e6,3", 5e7, "step x batch_tokens"),
        ("N,global_step,gbs,seq_len,loss\n1e8,50,256,1024,3", 50 * 256 * 1024.0, "step x batch x sequence"),
        ("N,max_steps,batch_tokens,loss\n1e8,100,1e6,3", 1e8, "steps x batch_tokens"),
        ("N,flops,loss\n1e8,6e18,3", 1e10, "flops"),
    ],
)
def test_tokens_are_logged_or_worked_out(text, tokens, how):
    found = _recorded(text)

    assert found.records[0].numbers["tokens"] == pytest.approx(tokens)
    assert found.tokens_from == how


def test_units_of_columns_and_cells_are_heeded():
    found = _recorded("Model Size (B),Tokens (T),loss\n7,1.4,2.1\n410M,80B,2.9")

    assert [one.numbers["params"] for one in found.records] == pytest.approx([7e9, 410e6])
    assert [one.numbers["tokens"] for one in found.records] == pytest.approx([1.4e12, 8e10])


def test_rows_without_size_and_loss_are_told_and_unfinished_ones_may_lack_anything():
    found = _recorded("N,D,loss,state\n1e8,2e9,3,finished\n,,,finished\n1e8,,4.5,crashed\n")

    assert [one.line for one in found.records] == [2]
    assert found.skipped == (3, 4)


def test_every_wrong_cell_is_told_with_its_line_and_column():
    with pytest.raises(SpecError) as caught:
        _recorded('N,D,loss\n410m,2e9,3\n1e8,-2,"2,9"\n1e8,0,3\n1e40,2e9,3\n')

    assert [problem.message for problem in caught.value.problems] == [
        "Line 2, column 'N': 'm' in '410m' is not a unit of count.",
        "Line 3, column 'D': -2 is no tokens.",
        "Line 3, column 'loss': '2,9' is no number.",
        "Line 4, column 'D': 0 is no tokens.",
        "Line 5, column 'N': 1e+40 is no params.",
    ]


def test_a_run_with_a_loss_and_no_size_is_refused():
    with pytest.raises(SpecError) as caught:
        _recorded("N,D,loss\n,2e9,3\n1e8,,3\n")

    assert [problem.message for problem in caught.value.problems] == [
        "Line 2, column 'N': the run has a loss and no params.",
        "Line 3, column 'D': the run has a loss and no tokens.",
    ]


def test_of_many_wrong_cells_the_rest_are_counted():
    with pytest.raises(SpecError) as caught:
        _recorded("N,D,loss\n" + "x,1,2\n" * (LISTED + 5))

    assert caught.value.problems[-1].message == "5 more cells are wrong."
    assert len(caught.value.problems) == LISTED + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("N,loss\n1e8,3", "No column is known to be the tokens of training."),
        ("N,gbs,steps,loss\n1e8,256,100,3", "No column is known to be the tokens of training."),
        ("N,D,loss,state\n,,,running", "No row is a run with a size, tokens and a loss."),
    ],
)
def test_without_tokens_there_are_no_runs(text, message):
    with pytest.raises(SpecError) as caught:
        _recorded(text)

    assert str(caught.value) == message


def test_a_loss_may_be_no_number_and_no_other_cell_may():
    found = _recorded("N,D,loss\n1e8,2e9,nan\n1e8,2e9,inf\n1e8,2e9,\n")

    assert [one.loss for one in found.records[1:2]] == [math.inf]
    assert [("loss" in one.numbers, math.isnan(one.loss)) for one in found.records] == [
        (True, True), (True, False), (False, True),
    ]  # fmt: skip


def test_a_run_whose_parameters_are_counted_in_another_column_says_what_to_do():
    with pytest.raises(SpecError) as caught:
        _recorded("params_no_embed,params,tokens,loss\n1e8,,2e9,3.1\n,2.7e8,4e9,2.9\n")

    assert [(one.message, one.hint) for one in caught.value.problems] == [
        (
            "Line 3, column 'params_no_embed': the run has a loss and no params.",
            (
                "'params' and 'params_no_embed' may count embeddings otherwise: convert this run's, or import the runs "
                "of each count by themselves."
            ),
        )
    ]
