"""A trace's file becomes text that a spec can carry, or is refused where it is named."""

import gzip
from pathlib import Path

import pytest

from planner.cli.specs import load
from solvers.errors import SpecError
from solvers.serving.traces import of_csv, of_gzip

HEAD = "arrival,input,output\n"


def _spec(folder: Path, trace: str) -> Path:
    path = folder / "spec.yaml"
    path.write_text(f"kind: serving\ntraffic: {{trace: {{file: {trace}}}}}\n")
    return path


def test_a_short_file_is_carried_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text(HEAD + "0,5,5\n1,5,5\n")

    found = load(str(_spec(tmp_path, "trace.csv")))

    assert found["traffic"]["trace"] == {"csv": HEAD + "0,5,5\n1,5,5\n"}


def test_a_long_or_packed_file_is_carried_packed(tmp_path: Path) -> None:
    text = HEAD + "".join(f"{second},{second % 700 + 1},30\n" for second in range(9000))
    (tmp_path / "trace.csv.gz").write_bytes(gzip.compress(text.encode()))

    found = load(str(_spec(tmp_path, "trace.csv.gz")))["traffic"]["trace"]

    assert list(found) == ["gzip"]
    assert of_gzip(found["gzip"]).size == of_csv(text).size == 9000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"arrival,input,output\n0,5,5\n-1,5,5\n", "bad_row"),
        (gzip.compress(b"0" * 50_000_000, mtime=0), "too_large"),
        (b"\xff\xfe", "not_utf8"),
        (b"PK\x03\x04\x14\x00", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1", "spreadsheet"),
        (None, "unreadable"),
    ],
)
def test_a_wrong_file_is_refused_where_it_is_named(tmp_path: Path, data: bytes | None, code: str) -> None:
    if data is not None:
        (tmp_path / "trace.csv").write_bytes(data)

    with pytest.raises(SpecError) as caught:
        load(str(_spec(tmp_path, "trace.csv")))

    assert [(problem.code, problem.at) for problem in caught.value.problems] == [(code, "/traffic/trace/file")]


def _fleet(folder: Path, said: str) -> Path:
    path = folder / "fleet.yaml"
    path.write_text(f"kind: fleet\n{said}\n")
    return path


def test_tables_of_a_fleet_are_carried_as_text(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("gpu,price\nl4,0.7\n")
    (tmp_path / "chat.csv.gz").write_bytes(gzip.compress(b"gpu,input,output,requests_per_s\nl4,64,64,2\n"))
    (tmp_path / "trace.csv").write_text(HEAD + "0,5,5\n1,5,5\n")
    services = "services: [{traffic: {trace: {file: trace.csv}}, capacities: {file: chat.csv.gz, wait: 2 s}}]"

    found = load(str(_fleet(tmp_path, f"prices: {{file: prices.csv}}\n{services}")))

    assert found["prices"] == {"csv": "gpu,price\nl4,0.7\n"}
    assert found["services"] == [
        {
            "traffic": {"trace": {"csv": HEAD + "0,5,5\n1,5,5\n"}},
            "capacities": {"wait": "2 s", "csv": "gpu,input,output,requests_per_s\nl4,64,64,2\n"},
        }
    ]


def test_runs_of_a_scaling_plan_are_carried_as_text_with_what_is_said_of_them(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("N,D,loss\n1e8,2e9,3.1\n")
    spec = tmp_path / "scaling.yaml"
    spec.write_text("kind: scaling\nruns: {file: runs.csv, counts: total}\ntarget: {flops: 1e21}\n")

    found = load(str(spec))

    assert found["runs"] == {"counts": "total", "csv": "N,D,loss\n1e8,2e9,3.1\n"}


@pytest.mark.parametrize(("data", "code"), [(b"\xff\xfe", "not_utf8"), (None, "unreadable")])
def test_a_wrong_table_is_refused_where_it_is_named(tmp_path: Path, data: bytes | None, code: str) -> None:
    if data is not None:
        (tmp_path / "prices.csv").write_bytes(data)

    with pytest.raises(SpecError) as caught:
        load(str(_fleet(tmp_path, "prices: {file: prices.csv}")))

    assert [(problem.code, problem.at) for problem in caught.value.problems] == [(code, "/prices/file")]
