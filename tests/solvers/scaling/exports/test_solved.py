"""The examples as they are solved, in every format."""

import ast
import csv
import io
import json
import subprocess

import pytest
import yaml

from solvers import kinds
from solvers.documents import read as read_spec
from solvers.errors import CannotExpress
from solvers.exports.table import csv_text
from solvers.scaling.exports import EXPORTS as ALL
from solvers.scaling.runs.read import read
from tests.answers import answer

EXPORTS = {export.name: export for export in ALL}
EXAMPLES = kinds.examples("scaling")
STARTS = ("megatron", "torchtitan", "slurm")


def solved(name):
    return answer(kinds.parse(read_spec(EXAMPLES[name])))


def written(result):
    """The files of every format, None where it refuses."""
    found = {}
    for name, export in EXPORTS.items():
        try:
            found[name] = export.write(result)
        except CannotExpress:
            found[name] = None
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_format_says_what_an_example_plans_or_that_it_plans_no_such_thing(name):
    result = solved(name)

    able = {format_name for format_name, files in written(result).items() if files}

    ladder, hardware = result["plan"]["ladder"], result["spec"]["hardware"]
    expected = set() if not (ladder and ladder["rungs"]) else set(EXPORTS) if hardware else set(EXPORTS) - set(STARTS)
    assert able == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_files_of_an_example_can_be_read(name):
    for files in filter(None, written(solved(name)).values()):
        for file, text in files.items():
            if file.endswith((".sh", ".sbatch")):
                subprocess.run(["bash", "-n"], input=text, text=True, check=True)
            elif file.endswith(".py"):
                ast.parse(text)
            elif file.endswith(".json"):
                json.loads(text)


def made(row):
    """A loss in nats a token as such a run may have it [hoffmann2022chinchilla]."""
    return f"{1.69 + 406.4 * float(row['params']) ** -0.34 + 410.7 * float(row['tokens']) ** -0.28:.6g}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_table_of_an_example_is_imported_again_once_its_losses_are_there(name):
    result = solved(name)
    files = written(result)["ladder"]
    if files is None:
        pytest.skip("the example asks for no ladder")
    rows = list(csv.DictReader(io.StringIO(files["ladder.csv"])))
    filled = [list((row | {"loss": made(row)}).values()) for row in rows]

    imported = read(csv_text([list(rows[0]), *filled]))

    rungs, target = result["plan"]["ladder"]["rungs"], result["plan"]["target"]
    assert imported.runs.inputs["params"].tolist() == [one["params"] for one in rungs]
    assert imported.runs.inputs["tokens"].tolist() == [one["tokens"] for one in rungs]
    assert (imported.counts.name, imported.loss_unit.name) == (target["counts"], target["loss_unit"])
    assert [one.code for one in imported.warnings] == []


def test_a_sweep_of_an_example_is_as_long_as_its_ladder():
    result = solved("a-ladder-to-5b")

    sweep = yaml.safe_load(EXPORTS["wandb"].write(result)["sweep.yaml"])

    assert sweep["run_cap"] == len(sweep["parameters"]["rung"]["values"]) == len(result["plan"]["ladder"]["rungs"])
