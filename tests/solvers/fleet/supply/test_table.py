"""Tables of measured capacities: read as they stand, and the line named that is wrong."""

import pytest

from solvers.errors import SpecError
from solvers.fleet.supply.table import Row, table_of

GOOD = "gpu, tp, input, output, requests_per_s\nL4,1,512,128,2.5\n\nh100,2,256,128,9\n"
MANY = "\n".join(["gpu,input,output,requests_per_s", *(f"l4,{n},{n},1" for n in range(1, 151))])


def _with(line: str) -> str:
    return f"gpu,tp,input,output,requests_per_s\nl4,1,512,128,2.5\n{line}\n"


def test_lines_come_in_any_order_and_sizes_ascend() -> None:
    table = table_of(GOOD)

    assert table.rows == (Row(2, "L4", 1, 512, 128, 2.5), Row(4, "h100", 2, 256, 128, 9.0))
    assert (table.inputs, table.outputs) == ((256, 512), (128,))


def test_without_a_column_of_them_replicas_have_one_gpu() -> None:
    table = table_of("requests_per_s,output,input,gpu\n3,1,2,l4\n")

    assert table.rows == (Row(2, "l4", 1, 2, 1, 3.0),)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("", "too_short", "The table is empty."),
        ("\n \n", "too_short", "The table is empty."),
        ("gpu,input,output\n", "wrong_columns", "The table has no column requests_per_s; its first line has gpu"),
        (
            "gpu,tp\n",
            "wrong_columns",
            "The table has no column input and no column output and no column requests_per_s",
        ),
        (
            "l4,512,128,3.1\n",
            "wrong_columns",
            "The first line names no column that is known; it has l4, 512, 128, 3.1.",
        ),
        ("gpu;input;output;requests_per_s\n", "wrong_columns", "The columns of the table are parted by semicolons."),
        ("gpu\tinput\toutput\trequests_per_s\n", "wrong_columns", "The columns of the table are parted by tabs."),
        ("gpu,tensor_parallel,input,output,requests_per_s\n", "wrong_columns", "There is no column 'tensor_parallel'."),
        ("gpu,input,input,output,requests_per_s\n", "wrong_columns", "The column 'input' stands twice."),
        ("gpu,input,output,requests_per_s\n", "too_short", "The table has no measurement."),
        (_with("l4,1,512"), "bad_row", "Line 3: 3 cells, and the first line names 5 columns."),
        (_with("l4,1,512,64,3,1"), "bad_row", "Line 3: 6 cells, and the first line names 5 columns."),
        (_with('l4,1,512,64,"3'), "bad_row", "Line 3: unexpected end of data."),
        (_with("l4,1,512,64,3.1 /s"), "bad_row", "Line 3 of the table: requests_per_s '3.1 /s' is not a number."),
        (_with(",1,512,128,2"), "bad_row", "Line 3 of the table: no GPU is named."),
        (_with("l4,0,512,64,2"), "bad_row", "Line 3 of the table: tp is 0"),
        (_with("l4,1,-5,64,2"), "bad_row", "Line 3 of the table: input is -5"),
        (_with("l4,1,5.5,64,2"), "bad_row", "Line 3 of the table: input '5.5' is not a whole number."),
        (_with("l4,1,512,64,nan"), "bad_row", "Line 3 of the table: requests_per_s 'nan' is not a number."),
        (_with("l4,1,512,64,0"), "bad_row", "Line 3 of the table: requests_per_s is 0; it is above 0"),
        (_with("l4,1,512,64,-2"), "bad_row", "Line 3 of the table: requests_per_s is -2; it is above 0"),
        (MANY, "too_large", "150 inputs and 150 outputs were measured; 20,000 pairs are the most."),
        (_with("L4,1,512,128,3"), "bad_row", "Line 3 of the table: L4 with TP 1, input 512 and output 128 stands on"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, code: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        table_of(text)

    (problem,) = caught.value.problems
    assert (problem.code, problem.message[: len(told)]) == (code, told)


def test_every_wrong_line_is_named() -> None:
    with pytest.raises(SpecError) as caught:
        table_of(_with("l4,1,256,64,fast\nl4,1,128,64,2\nl4,1,64,64,-1"))

    assert [problem.message.split(";")[0] for problem in caught.value.problems] == [
        "Line 3 of the table: requests_per_s 'fast' is not a number.",
        "Line 5 of the table: requests_per_s is -1",
    ]
