import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from planner.exports import files, write
from solvers import accuracy, catalogue, kinds
from solvers.documents import read
from tests.answers import answer
from tests.bad_specs import GOOD


@pytest.fixture
def result_file(tmp_path):
    result = answer(kinds.parse(read(GOOD)))
    path = tmp_path / "plan.json"
    path.write_text(write(result, "json"))
    return path


def test_kinds_and_schema_are_those_of_the_registry(here):
    listed, schema = here("kinds", "-o", "json"), here("schema", "training")

    assert [kind["name"] for kind in json.loads(listed.stdout)] == kinds.names()
    assert json.loads(schema.stdout) == json.loads(json.dumps(kinds.schema("training")))


def test_an_unknown_kind_offers_the_nearest(here):
    done = here("schema", "trainin")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Did you mean training?" in done.stderr


@pytest.mark.parametrize("section", list(catalogue.SECTIONS))
def test_the_catalogue_lists_every_entry(here, section):
    done = here("catalogue", section, "-o", "json")

    assert [entry["name"] for entry in json.loads(done.stdout)] == list(catalogue.names(section))
    assert here("catalogue", section).returncode == 0


def test_an_entry_of_the_catalogue_is_shown_with_its_source(here):
    done = here("catalogue", "gpus", "H100 SXM", "-o", "json")

    entry = json.loads(done.stdout)
    assert (entry["name"], bool(entry["source"])) == ("h100-sxm", True)


def test_an_unknown_entry_offers_the_nearest(here):
    done = here("catalogue", "gpus", "h200-sxn")

    assert done.returncode == 2
    assert b"There is no GPU called 'h200-sxn'" in done.stderr
    assert b"h200-sxm" in done.stderr


@pytest.mark.parametrize("name", ["json", "yaml", "md", "csv"])
def test_export_writes_a_file_and_prints_its_path(here, tmp_path, result_file, name):
    done = here("export", str(result_file), "--to", name, "--out-dir", "out")

    written = tmp_path / done.stdout.decode().strip()
    assert written == tmp_path / "out" / f"plan.{name}"
    assert written.read_bytes().decode() == write(json.loads(result_file.read_text()), name)


@pytest.mark.parametrize("name", ["kubernetes", "slurm"])
def test_export_writes_every_file_of_a_framework_and_lets_scripts_run(here, tmp_path, result_file, name):
    done = here("export", str(result_file), "--to", name, "--out-dir", "out")

    expected = files(json.loads(result_file.read_text()), name, stem="plan")
    listed = [tmp_path / line for line in done.stdout.decode().splitlines()]
    assert {path.name: path.read_text() for path in listed} == expected
    assert {path.name for path in listed if path.stat().st_mode & 0o100} == {
        n for n in expected if n.endswith((".sh", ".sbatch"))
    }


@pytest.mark.parametrize(("source", "to"), [("plan.json", "pdf"), ("nowhere.json", "md"), ("spec.yaml", "md")])
def test_export_says_what_it_cannot_do(here, tmp_path, result_file, source, to):
    (tmp_path / "spec.yaml").write_text(GOOD)

    done = here("export", source, "--to", to)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"hint: " in done.stderr


def test_bench_prints_figures_with_their_machine(isoflop):
    done = isoflop("bench", "training", "-o", "json")

    answer = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert answer["training"]["configs_per_s"] > 0
    assert answer["machine"]["python"] == ".".join(map(str, sys.version_info[:3]))


def test_accuracy_scores_a_csv_file(isoflop, tmp_path):
    row = {
        "id": "x1", "model": "llama-3.1-8b", "gpu": "H100", "gpus": "16", "gpus_per_node": "8", "precision": "bf16",
        "seq_len": "4096", "gbs": "128", "mbs": "1", "tp": "1", "pp": "1", "dp": "16", "recompute": "full",
        "sharding": "zero3", "step_time_s": "6.0",
    }  # fmt: skip
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)

    done = isoflop("accuracy", "training", "--data", "rows.csv", "-o", "json")

    scores = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert scores["rows"] == 1


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_accuracy_says_what_is_wrong_with_its_file(here, tmp_path, content):
    if content is not None:
        (tmp_path / "rows.csv").write_bytes(content)

    done = here("accuracy", "training", "--data", "rows.csv")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"hint: " in done.stderr


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04\x14\x00\x06\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"], ids=["xlsx", "xls"]
)
def test_accuracy_says_how_a_spreadsheet_becomes_what_it_reads(here, tmp_path, content):
    (tmp_path / "rows.xlsx").write_bytes(content)

    done = here("accuracy", "training", "--data", "rows.xlsx")

    assert done.returncode == 2
    assert b"rows.xlsx is a spreadsheet; what is read is CSV" in done.stderr
    assert b"hint: Save its sheet as CSV UTF-8" in done.stderr


RUNS = "N,D,loss\n" + "".join(
    f"{params:g},{params * ratio:g},{1.8 + 480 / params**0.347 + 2140 / (params * ratio) ** 0.367:.6f}\n"
    for params in (3e7, 6e7, 1e8, 2e8, 4e8)
    for ratio in (10, 20, 40)
)


def test_accuracy_fits_laws_to_one_file_of_runs_and_scores_them_on_another(here, tmp_path):
    (tmp_path / "small.csv").write_text(RUNS)
    (tmp_path / "large.csv").write_text("N,D,loss\n4e9,8e10,2.2154\n")
    files = ("--fit", "small.csv", "--data", "large.csv", "--columns", "params=N,tokens=D,loss=loss")

    done = here("accuracy", "scaling", *files, "--law", "chinchilla", "-o", "json")

    scores = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (scores["points"], scores["fitted"], scores["law"]) == (1, 15, "chinchilla")
    assert scores["mape"] < 0.02
    assert scores["seconds"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scaling",), b"accuracy scaling needs --fit FILE."),
        (("scaling", "--fit", "rows.csv", "--seeds", "3"), b"accuracy scaling has no --seeds."),
        (("training", "--fit", "rows.csv"), b"accuracy training has no --fit."),
        (("scaling", "--fit", "rows.csv", "--law", "chinchila"), b"Did you mean chinchilla?"),
    ],
)
def test_accuracy_says_which_option_a_kind_does_not_have(here, tmp_path, arguments, message):
    (tmp_path / "rows.csv").write_text(RUNS)

    done = here("accuracy", *arguments, "--data", "rows.csv")

    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr


def test_help_lists_the_commands_of_the_contract_and_loads_nothing_slow(isoflop):
    done = isoflop("--help")
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from planner.cli import main; main()", "--help"],
        capture_output=True, check=True, cwd=Path(__file__).parents[3],
    ).stderr.decode()  # fmt: skip

    listed = {line.split()[0] for line in done.stdout.decode().split("Commands:")[1].splitlines() if line.strip()}
    assert listed >= {
        "solve", "validate", "schema", "kinds", "catalogue", "export", "accuracy", "bench", "runs", "projects",
        "tokens", "init", "up", "down", "status", "reset", "backup",
    }  # fmt: skip
    slow = {"django", "celery", "numpy", "pydantic", "httpx", "yaml", "rich.table", "psycopg", "scipy"}
    assert slow & {line.rsplit("|", 1)[-1].strip() for line in loaded.splitlines()} == set()


def test_accuracy_without_a_file_prints_what_ships(here):
    table, whole = here("accuracy", "training", "-o", "md"), here("accuracy", "-o", "json")

    shipped = accuracy.document("training").model_dump(mode="json")
    assert (table.returncode, whole.returncode) == (0, 0), table.stderr + whole.stderr
    assert shipped["headline"] in table.stdout.decode()
    assert [one["kind"] for one in json.loads(whole.stdout)] == ["training", "serving", "fleet", "scaling"]
    assert json.loads(whole.stdout)[0] == shipped
