import pytest

from solvers.errors import SpecError, TooLarge
from solvers.scaling.runs import table
from solvers.scaling.runs.table import Row, Table, table_of, table_of_rows


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_whatever_parts_its_columns(mark):
    text = f"N{mark}loss\n1e8{mark}3.1\n\n2e8{mark}\n"

    found = table_of(text)

    assert found == Table(("N", "loss"), (Row(2, {"N": "1e8", "loss": "3.1"}), Row(4, {"N": "2e8"})), mark)


def test_a_cell_over_several_lines_leaves_the_numbers_of_lines_right():
    found = table_of('N,notes\n1,"one\ntwo"\n2,three\n')

    assert [row.line for row in found.rows] == [2, 4]


def test_json_lines_and_a_json_list_are_the_same_rows():
    lines = table_of('{"N": 1, "loss": 3.5}\n{"N": 2, "loss": null}\n')
    listed = table_of('\n[{"N": 1, "loss": 3.5},\n\n {"N": 2, "loss": null}]')

    assert lines.rows == (Row(1, {"N": "1", "loss": "3.5"}), Row(2, {"N": "2"}))
    assert [row.cells for row in listed.rows] == [row.cells for row in lines.rows]
    assert [row.line for row in listed.rows] == [2, 4]


def test_rows_that_were_read_already_stand_from_line_2_on():
    found = table_of_rows([{"N": "1", "loss": ""}, {"N": "2", "loss": "3"}])

    assert found == Table(("N", "loss"), (Row(2, {"N": "1"}), Row(3, {"N": "2", "loss": "3"})))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There are no runs."),
        ("\ufeff \n", "There are no runs."),
        ("N,loss\n", "The table has a header and no runs."),
        ("N,loss\n1,2,3\n", "Line 2: 3 cells, and the first line names 2 columns."),
        ("N,loss\n1\n", "Line 2: 1 cell, and the first line names 2 columns."),
        ("N,N\n1,2\n", "The column 'N' stands twice."),
        ('N,loss\n1,"2\n', "Line 2: unexpected end of data."),
        ('{"N": 1}\n{"N": }', "Line 2: this is no JSON: Expecting value."),
        ('{"N": 1}\n17', "Line 2: a run is an object, such as {...}."),
        ("[" * 100_000, "Line 1: this is no JSON: it is nested too deep."),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(text, message):
    with pytest.raises(SpecError) as caught:
        table_of(text)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ("1", "Leave a cell that says nothing empty"),
        ("1,1e8,2,31", "Numbers with decimal commas want columns parted by"),
    ],
)
def test_a_row_of_another_length_says_what_makes_it_so(row, hint):
    with pytest.raises(SpecError) as caught:
        table_of(f"N,loss\n{row}\n")

    assert hint in caught.value.problems[0].hint


@pytest.mark.parametrize(
    ("limit", "most", "text"),
    [("MOST_BYTES", 10, "N,loss\n1,2\n3,4\n"), ("MOST_ROWS", 2, "N\n1\n2\n3\n"), ("MOST_COLUMNS", 1, "N,D\n1,2\n")],
)
def test_more_than_is_accepted_is_refused(monkeypatch, limit, most, text):
    monkeypatch.setattr(table, limit, most)
    table_of.cache_clear()

    with pytest.raises(TooLarge) as caught:
        table_of(text)

    assert caught.value.problems[0].code == "too_large"
