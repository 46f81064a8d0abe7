from datetime import date

from solvers.accuracy.document import Accuracy
from solvers.accuracy.table import Table, figures, groups, held_out, worst

PEER = {"name": "Other", "error": 0.2, "here": 0.05, "rows": 10, "source": "its paper"}
ONE = Accuracy.model_validate({
    "format": "isoflop-accuracy", "version": 1, "kind": "training", "date": date(2026, 11, 22), "command": "compute it",
    "calibration": "published", "headline": "It errs by 7 %.", "errors_of": "Errors.", "baseline": "one constant",
    "interval_level": 0.8,
    "lines": [
        {"held_out": "a model", "quantity": "time", "rows": 1200, "mean": 0.0712, "median": 0.004, "worst": 0.3,
         "baseline": 0.55, "peer": PEER, "coverage": 0.81, "goal": "8 %"},
        {"held_out": "small", "quantity": "time", "rows": 20, "mean": 0.0, "part": True},
    ],
    "main": 0,
    "groups": [{"held_out": "a model", "axis": "Error of the time", "groups": [
        {"name": "a", "rows": 3, "error": 0.01, "baseline": 0.4},
        {"name": "b", "rows": 4, "error": 0.3, "baseline": 0.2, "coverage": 0.5},
    ]}],
    "figures": [{"what": "fits", "found": "9 of 10", "goal": "all"}],
    "worst": [{"name": "b", "held_out": "a model", "error": 0.3, "rows": 4}],
    "data": [{"file": "rows.csv", "rows": 7, "sha256": "0" * 64, "ships": False, "terms": "closed"}],
})  # fmt: skip


def test_what_was_held_out_stands_with_its_errors_and_what_no_line_has_is_left_out():
    assert held_out(ONE) == Table(
        ("What is held out", "Rows", "Mean error", "Median", "Worst part", "Guess", "Best peer",
         "80 % interval holds", "Goal"),
        (
            ("a model", "1,200", "7.1 %", "0.40 %", "30.0 %", "55.0 %", "Other 20.0 % (here 5.0 % on its 10 rows)",
             "81.0 %", "8 %"),
            ("... small", "20", "0.0 %", "-", "-", "-", "-", "-", "-"),
        ),
        (False, True, True, True, True, True, True, True, False),
    )  # fmt: skip


def test_groups_stand_beside_the_guess_the_worst_first():
    assert groups(ONE, ONE.groups[0]) == Table(
        ("Held out", "Rows", "Mean error", "Guess", "80 % interval holds"),
        (("b", "4", "30.0 %", "20.0 %", "50.0 %"), ("a", "3", "1.0 %", "40.0 %", "-")),
        (False, True, True, True, True),
    )


def test_figures_and_worst_cases_are_tables_too():
    assert figures(ONE).rows == (("fits", "9 of 10", "all", "-"),)
    assert worst(ONE).rows == (("b", "a model", "4", "30.0 %"),)


def test_a_cell_knows_its_column_and_whether_it_names_a_part():
    first, second = held_out(ONE).labelled

    assert [(cell.column, cell.text, cell.numeric) for cell in first[:2]] == [
        ("What is held out", "a model", False),
        ("Rows", "1,200", True),
    ]
    assert (first[0].part, second[0].part) == (False, True)
