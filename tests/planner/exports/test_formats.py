import csv
import io
import json
import zipfile

import pytest

from planner.exports import FORMATS, archive, download, files, known, offered, write
from planner.exports.cells import words
from planner.exports.report import report
from solvers import kinds
from solvers.documents import read
from solvers.errors import CannotExpress, UnknownName
from tests.answers import answer
from tests.bad_specs import GOOD

SOLVED = answer(kinds.parse(read(GOOD)))
INFEASIBLE = answer(kinds.parse(read(kinds.examples("training")["too-few-gpus-llama-3.1-405b"])))


@pytest.mark.parametrize("result", [SOLVED, INFEASIBLE], ids=["solved", "infeasible"])
def test_json_and_yaml_hold_the_whole_result(result):
    assert json.loads(write(result, "json")) == result
    assert read(write(result, "yaml")) == result


def test_a_format_that_does_not_exist_offers_the_nearest():
    with pytest.raises(UnknownName) as refused:
        write(SOLVED, "jsonn")

    assert refused.value.problems[0].hint == "Did you mean json?"


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_the_csv_is_a_formula(text):
    hostile = {
        **SOLVED,
        "plan": {**SOLVED["plan"], "label": text},
        "alternatives": [{**SOLVED["alternatives"][0], "why_not": text}],
    }

    rows = list(csv.reader(io.StringIO(write(hostile, "csv"), newline="")))

    assert (rows[1][1], rows[2][-1]) == (f"'{text}", f"'{text}")
    assert [float(cell) for cell in rows[1][2:-1]] == [estimate["value"] for estimate in SOLVED["estimates"].values()]


def test_markdown_holds_no_markup_of_others():
    headline = "<script>|x|</script> [a](http://b) `c`"
    hostile = {**SOLVED, "explanation": {**SOLVED["explanation"], "headline": headline}}

    first = write(hostile, "md").splitlines()[0]

    assert first == r"**&lt;script&gt;\|x\|&lt;/script&gt; \[a](http://b) \`c\`**"


def test_an_infeasible_result_says_why_and_what_would_help():
    answer = report(INFEASIBLE)

    assert answer.headline == f"No plan is feasible: {INFEASIBLE['infeasible']['reason']}"
    assert answer.tables[0].title == "Smallest change that would help"
    assert answer.tables[0].rows[0][1] == INFEASIBLE["infeasible"]["smallest_change"]["message"]


@pytest.mark.parametrize("result", [SOLVED, INFEASIBLE], ids=["solved", "infeasible"])
def test_every_row_has_a_cell_for_each_column(result):
    for table in report(result).tables:
        assert {len(row) for row in table.rows} == {len(table.columns)}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("step_time_s", "step time"),
        ("tokens_per_s", "tokens per s"),
        ("peak_memory_bytes", "peak memory"),
        ("mfu", "MFU"),
        ("cost_usd_per_step", "cost per step"),
        ("tp", "TP"),
    ],
)
def test_names_are_said_without_their_unit(name, said):
    assert words(name) == said


def test_there_is_a_media_type_for_every_format():
    assert {name: entry.media_type for name, entry in FORMATS.items()} == {
        "json": "application/json",
        "yaml": "application/yaml",
        "md": "text/markdown",
        "csv": "text/csv",
    }


def test_a_kind_s_own_formats_are_files_beside_the_four_texts():
    texts = files(SOLVED, "md", stem="plan")
    own = files(SOLVED, "megatron", stem="plan")

    assert texts == {"plan.md": write(SOLVED, "md")}
    assert own == {
        name: text for export in kinds.get("training").exports[:1] for name, text in export.write(SOLVED).items()
    }
    assert known(SOLVED) == [*FORMATS, *(export.name for export in kinds.get("training").exports)]


def test_files_of_a_format_that_does_not_exist_offer_the_nearest():
    with pytest.raises(UnknownName) as refused:
        files(SOLVED, "megatrom", stem="plan")

    assert refused.value.problems[0].hint == "Did you mean megatron?"


def test_an_infeasible_result_is_no_plan_for_a_framework():
    with pytest.raises(CannotExpress) as refused:
        files(INFEASIBLE, "slurm", stem="plan")

    assert [(problem.code, problem.at) for problem in refused.value.problems] == [("no_plan", "/status")]


def test_one_file_is_downloaded_as_it_is_and_several_as_one_zip_that_never_changes():
    one = download({"a.sh": "echo\n"}, stem="plan")
    several = download({"a.sh": "echo\n", "b.json": "{}\n"}, stem="plan")

    assert one == ("echo\n", "a.sh", "text/plain; charset=utf-8")
    assert several == (archive({"a.sh": "echo\n", "b.json": "{}\n"}), "plan.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(several[0])) as bundle:
        held = {entry.filename: (bundle.read(entry), entry.external_attr >> 16) for entry in bundle.infolist()}
    assert held == {"a.sh": (b"echo\n", 0o755), "b.json": (b"{}\n", 0o644)}


def test_the_menu_says_what_each_format_is_and_why_it_cannot_say_a_plan():
    offers = {offer.name: offer for offer in offered(SOLVED)}

    assert list(offers) == ["megatron", "bridge", "torchtitan", "deepspeed", "slurm", "kubernetes"]
    for name, offer in offers.items():
        if offer.refused:
            with pytest.raises(CannotExpress):
                files(SOLVED, name, stem="plan")
        else:
            assert files(SOLVED, name, stem="plan")
