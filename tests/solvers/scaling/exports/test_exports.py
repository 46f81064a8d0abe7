import ast
import csv
import io
import json
import subprocess
from pathlib import Path

import pytest
import yaml

from solvers.errors import CannotExpress
from solvers.scaling.exports import EXPORTS as ALL
from tests.solvers.scaling.exports import cases

EXPORTS = {export.name: export for export in ALL}
GOLDEN = Path(__file__).parent / "golden"
PAIRS = [pytest.param(case, name, id=f"{case}-{name}") for case, name in cases.GOLDEN]


def files(case, name, **plan):
    return EXPORTS[name].write(cases.result(case, **plan))


def refusals(name, result):
    with pytest.raises(CannotExpress) as refused:
        EXPORTS[name].write(result)
    return [(problem.code, problem.at) for problem in refused.value.problems]


def changed(case, place, **training):
    """The case's result with another training of one rung."""
    result = cases.result(case)
    rungs = [dict(one) for one in result["plan"]["ladder"]["rungs"]]
    rungs[place]["training"] = rungs[place]["training"] | training
    result["plan"]["ladder"] = result["plan"]["ladder"] | {"rungs": rungs}
    return result


def test_there_is_a_format_for_tables_sweeps_frameworks_and_schedulers():
    assert list(EXPORTS) == ["ladder", "wandb", "optuna", "megatron", "torchtitan", "slurm"]
    assert all(export.title for export in ALL)


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_files_are_those_that_people_looked_at(case, name):
    folder = GOLDEN / f"{case}-{name}"
    known = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}

    assert files(case, name) == {file: path.read_bytes().decode() for file, path in known.items()}


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_scripts_are_bash_and_modules_are_python(case, name):
    for file, text in files(case, name).items():
        if file.endswith((".sh", ".sbatch")):
            subprocess.run(["bash", "-n"], input=text, text=True, check=True)
        elif file.endswith(".py"):
            ast.parse(text)


def test_an_answer_without_a_ladder_is_refused_by_all_and_says_what_to_ask_for():
    for name in EXPORTS:
        for ladder in (None, {"rungs": [], "throughput": []}):
            assert refusals(name, cases.result("tree", ladder=ladder)) == [("no_ladder", "/plan/ladder")]


def test_an_infeasible_answer_is_refused_by_all():
    for name in EXPORTS:
        assert refusals(name, {**cases.result("tree"), "status": "infeasible"}) == [("no_plan", "/status")]


def test_a_plan_without_hardware_starts_nothing_and_is_a_table_and_a_sweep_all_the_same():
    for name in ("megatron", "torchtitan", "slurm"):
        with pytest.raises(CannotExpress) as refused:
            files("plain", name)
        [problem] = refused.value.problems
        assert (problem.code, problem.at) == ("cannot_express", "/spec/hardware")
        assert problem.hint.startswith("These can: ladder, wandb, optuna.")


def test_a_batch_that_the_gpus_cannot_share_is_refused():
    assert refusals("megatron", changed("tree", 2, batch_sequences=100)) == [("cannot_express", "/plan/ladder/rungs")]


def test_runs_of_one_trunk_that_learn_unlike_are_refused():
    expected = [("cannot_express", "/plan/ladder/rungs/0/trunk")]

    for unlike in ({"warmup_steps": 100}, {"learning_rate": cases.around(1e-3)}, {"schedule": "cosine"}):
        assert refusals("slurm", changed("tree", 0, **unlike)) == expected


def test_a_size_that_was_never_planned_on_so_many_gpus_is_refused():
    ladder = cases.result("tree")["plan"]["ladder"]

    result = cases.result("tree", ladder=ladder | {"throughput": ladder["throughput"][:1]})

    assert refusals("megatron", result) == [("cannot_express", "/plan/ladder/throughput")]


def test_a_layout_is_that_of_the_next_larger_size_with_micro_batches_of_its_own_batch():
    scripts = files("tree", "megatron")

    def told(run):
        words = scripts[f"{run}/megatron.sh"].split()
        return tuple(words[words.index(name) + 1] for name in ("--micro-batch-size", "--global-batch-size"))

    assert {run: told(run) for run in ("01-70m-1.3b", "03-410m-2.6b", "04-70m-small", "big-run")} == {
        "01-70m-1.3b": ("8", "64"), "03-410m-2.6b": ("8", "128"), "04-70m-small": ("16", "32"),
        "big-run": ("2", "1024"),
    }  # fmt: skip
    assert "--recompute-granularity selective" in scripts["03-410m-2.6b/megatron.sh"]
    assert "--tensor-model-parallel-size 2" in scripts["big-run/megatron.sh"]


def test_the_big_run_is_left_out_where_its_gpus_are_not_planned():
    with_it, without = files("tree", "megatron"), files("tree", "megatron", model=None)

    assert sorted(set(with_it) - set(without)) == ["big-run/megatron.sh"]


def test_a_sweep_has_the_rungs_and_nothing_else_and_its_table_has_the_same():
    for case in cases.LADDERS:
        written = files(case, "wandb")
        sweep, table = yaml.safe_load(written["sweep.yaml"]), json.loads(written["rungs.json"])

        names = sweep["parameters"]["rung"]["values"]
        assert sweep["method"] == "grid"
        assert (names, sweep["run_cap"]) == (list(table["rungs"]), len(cases.LADDERS[case]["rungs"]))


def test_a_loss_in_bits_a_byte_is_logged_under_a_name_that_says_so():
    metrics = [yaml.safe_load(files(case, "wandb")["sweep.yaml"])["metric"]["name"] for case in ("tree", "plain")]

    assert metrics == ["val_loss", "val_bpb"]


def test_the_first_trial_of_a_study_is_the_planned_one_and_lies_in_its_space():
    for case in cases.LADDERS:
        told = json.loads(files(case, "optuna")["rungs.json"])

        for one in cases.LADDERS[case]["rungs"]:
            [name] = [label for label in told["rungs"] if label.endswith(f"-{one['name']}")]
            low, high = told["space"][name]["learning_rate"]
            first, batches = told["planned"][name], told["space"][name]["batch_in_sequences"]
            assert first["learning_rate"] == one["training"]["learning_rate"]["value"]
            assert low < first["learning_rate"] < high
            assert first["batch_in_sequences"] in batches
            assert [batch for batch in batches if batch % (one["gpus"] or 1)] == []


def test_a_studys_space_is_where_the_best_may_be_and_the_flat_region_around_what_is_planned():
    spaces = json.loads(files("tree", "optuna")["rungs.json"])["space"]
    plain = json.loads(files("plain", "optuna")["rungs.json"])["space"]

    assert spaces["01-70m-1.3b"] == {
        "learning_rate": [0.00105, 0.0042], "batch_in_sequences": [16, 24, 32, 48, 64, 88, 128],
    }  # fmt: skip
    assert plain["01-a"] == {
        "learning_rate": [0.0014, 0.00315], "batch_in_sequences": [32, 45, 64, 90, 128],
    }  # fmt: skip


def test_a_studys_space_ends_where_a_run_would_notice_however_little_is_known():
    wide = {"learning_rate": {"value": 0.02, "low": 1e-4, "high": 17.0}}

    told = json.loads(EXPORTS["optuna"].write(changed("plain", 0, **wide))["rungs.json"])["space"]

    assert told["01-a"]["learning_rate"] == [0.005, 0.08]


def test_names_that_people_gave_cannot_break_out_of_a_file(tmp_path):
    hostile = 'x"""\nimport os\n#\'; touch broken\n$(touch broken) `touch broken` ../../etc \x1b[2J {0} =1+1'
    result = cases.result("tree")
    rungs = [{**one, "name": hostile + str(place)} for place, one in enumerate(result["plan"]["ladder"]["rungs"])]
    rungs = [{**one, "trunk": rungs[1]["name"] if one["trunk"] else None} for one in rungs]
    result["plan"]["ladder"] = result["plan"]["ladder"] | {"rungs": rungs}

    for name, export in EXPORTS.items():
        for file, text in export.write(result).items():
            path = tmp_path / name / file
            assert path.resolve().is_relative_to(tmp_path / name)
            assert not any(mark in text for mark in ("touch broken`", "$(touch", "import os\n#'", "\x1b"))
            if file.endswith(".py"):
                ast.parse(text)
            if file.endswith((".sh", ".sbatch")):
                subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    [*_, last] = csv.DictReader(io.StringIO(EXPORTS["ladder"].write(result)["ladder.csv"]))
    assert last["name"].startswith("04-x-import-os")
