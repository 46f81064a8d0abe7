"""A ladder whose learning rate muP carries: its multipliers are told, and no script starts it as if it were plain."""

import csv
import io
import json

import pytest

from solvers import kinds
from solvers.errors import CannotExpress
from solvers.scaling.exports import EXPORTS as ALL
from tests.answers import answer
from tests.solvers.scaling.exports import cases

EXPORTS = {export.name: export for export in ALL}
FACTORS = (
    "mup_tuned_width", "mup_input_rate_factor", "mup_hidden_rate_factor", "mup_output_rate_factor",
    "mup_input_init_factor", "mup_hidden_init_factor", "mup_output_init_factor",
)  # fmt: skip


@pytest.mark.parametrize("name", ["megatron", "torchtitan", "slurm"])
def test_frameworks_without_settings_for_mup_are_refused_with_the_formats_that_can(name):
    with pytest.raises(CannotExpress) as refused:
        EXPORTS[name].write(cases.result("carried"))

    [problem] = refused.value.problems
    assert (problem.code, problem.at) == ("cannot_express", "/spec/options/tuning/mup")
    assert "no settings for its multipliers" in problem.message
    assert problem.hint == (
        "These can: ladder, wandb, optuna. For a script, plan without `options: {tuning: {mup: ...}}`."
    )


def test_the_table_says_by_what_a_learning_rate_and_the_first_values_are_multiplied():
    rows = list(csv.DictReader(io.StringIO(EXPORTS["ladder"].write(cases.result("carried"))["ladder.csv"])))

    told = [tuple(float(row[name]) for name in FACTORS) for row in rows]
    assert told == [
        (256, 1, 0.5, 0.5, 1, pytest.approx(0.5**0.5), 0.5),
        (256, 1, 0.25, 0.25, 1, 0.5, 0.25),
    ]


@pytest.mark.parametrize(("name", "files"), [("wandb", ("sweep.yaml", "run_rung.py")), ("optuna", ("study.py",))])
def test_programs_are_told_the_multipliers_and_people_that_the_rate_is_no_plain_one(name, files):
    written = EXPORTS[name].write(cases.result("carried"))

    table = json.loads(written["rungs.json"])["rungs"]["02-b"]
    assert [table[column] for column in FACTORS] == [256, 1.0, 0.25, 0.25, 1.0, 0.5, 0.25]
    assert [file for file in files if "far too high for a program" not in written[file]] == []
    program = written[files[-1]]
    assert [column for column in FACTORS if f'"{column.upper()}": "{column}"' not in program] == []


def test_ladders_without_mup_say_nothing_of_it():
    for case in ("tree", "plain"):
        for name in ("ladder", "wandb", "optuna"):
            assert "mup_tuned_width" not in "".join(EXPORTS[name].write(cases.result(case)).values()).lower()


def test_a_solved_ladder_under_mup_has_the_multipliers_of_its_widths():
    tuning = {"tuning": {"mup": {"width": 256, "learning_rate": 0.01}}}
    spec = {"kind": "scaling", "target": {"flops": 1e22}, "budget": {"flops": 1e20}, "options": tuning}

    result = answer(kinds.parse(spec))

    rows = list(csv.DictReader(io.StringIO(EXPORTS["ladder"].write(result)["ladder.csv"])))
    assert rows
    assert [float(row["mup_hidden_rate_factor"]) for row in rows] == [
        pytest.approx(256 / float(row["hidden_width"])) for row in rows
    ]
