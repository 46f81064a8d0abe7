import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from planner.cli.specs import load
from solvers import kinds
from solvers.documents import dump_yaml, read
from solvers.errors import SpecError
from tests.answers import answer
from tests.bad_specs import BAD_SPECS, GOOD
from tests.planner.cli.conftest import COMMAND

TOO_FEW = kinds.examples("training")["too-few-gpus-llama-3.1-405b"]
NOWHERE = {"ISOFLOP_URL": "http://127.0.0.1:9"}


def without_seconds(result):
    return {**result, "search": {**result["search"], "seconds": None}}


def test_solve_offline_prints_the_result_of_the_solver(isoflop):
    done = isoflop("solve", "-", "--offline", "-o", "json", stdin=GOOD.encode())

    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert without_seconds(result) == answer(kinds.parse(read(GOOD)))
    assert result["search"]["seconds"] > 0


def test_progress_is_on_stderr_and_can_be_silenced(isoflop):
    loud, quiet = (isoflop("solve", "-", "--offline", *more, stdin=GOOD.encode()) for more in ((), ("--quiet",)))

    assert b"candidates" in loud.stderr
    assert (quiet.returncode, quiet.stderr) == (0, b"")


def test_the_seed_can_be_given(here):
    done = here("solve", "-", "--offline", "--seed", "7", "-o", "yaml", stdin=GOOD.encode())

    assert read(done.stdout)["provenance"]["seed"] == 7


def test_an_infeasible_spec_prints_its_answer_and_ends_with_3(here):
    done = here("solve", "-", "--offline", "-o", "json", stdin=TOO_FEW.encode())

    assert (done.returncode, json.loads(done.stdout)["status"]) == (3, "infeasible")


@pytest.mark.parametrize("output", ["table", "md"])
def test_tables_open_with_the_answer_and_carry_no_colour_codes(here, output):
    done = here("solve", "-", "--offline", "-q", "-o", output, stdin=GOOD.encode())

    text = done.stdout.decode()
    headline = answer(kinds.parse(read(GOOD)))["explanation"]["headline"]
    assert " ".join(text.split()).lstrip("*").startswith(headline[:60])
    assert "\x1b" not in text
    for title in ("Estimates", "Plan", "Memory", "Where the time goes", "Alternatives", "Options", "Provenance"):
        assert title in text


def test_a_hugging_face_config_is_found_beside_the_spec(here, tmp_path):
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192,
        "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
        "max_position_embeddings": 131072, "tie_word_embeddings": True, "head_dim": 64,
    }  # fmt: skip
    folder = tmp_path / "team"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "spec.yaml").write_text(GOOD.replace("llama-3.1-8b", "{hf_config: config.json}"))

    done = here("solve", "team/spec.yaml", "--offline", "-o", "json")

    expected = answer(kinds.parse({**read(GOOD), "model": config}))
    assert done.returncode == 0, done.stderr
    assert without_seconds(json.loads(done.stdout)) == expected


def test_a_hugging_face_config_that_is_broken_is_named_with_its_place(tmp_path):
    (tmp_path / "config.json").write_text("{")
    (tmp_path / "spec.yaml").write_text("kind: training\nmodel: {hf_config: config.json}\n")

    with pytest.raises(SpecError) as refused:
        load(str(tmp_path / "spec.yaml"))

    (problem,) = refused.value.problems
    assert problem.at == "/model/hf_config"
    assert problem.message.startswith(str(tmp_path / "config.json"))


def test_no_server_is_said_with_the_way_out(isoflop):
    done = isoflop("solve", "-", stdin=GOOD.encode(), env=NOWHERE)

    assert (done.returncode, done.stdout) == (1, b"")
    assert b"No answer from http://127.0.0.1:9" in done.stderr
    assert b"--offline" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve",),
        ("solve", "nowhere.yaml"),
        ("solve", "-", "--offline", "--no-wait"),
        ("solve", "-", "-o", "xml"),
        ("solv",),
    ],
)
def test_wrong_usage_ends_with_2_and_no_traceback(here, arguments):
    done = here(*arguments, stdin=GOOD.encode())

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("bad", [bad for bad in BAD_SPECS if bad.code != "not_a_config"], ids=lambda bad: bad.name)
def test_a_bad_spec_ends_with_2_and_says_where_and_what_to_do(here, bad):
    done = here("validate", "-", stdin=bad.text)

    told = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b"")
    assert "Traceback" not in told
    assert bad.says.lower() in told.lower()
    assert f"at {bad.at}:" in told if bad.at else "error: " in told
    assert "hint: " in told


def test_a_time_out_ends_with_5(isoflop):
    big = kinds.examples("training")["megatron-1t-3072-a100"]

    done = isoflop("solve", "-", "--offline", "--timeout", "0.01", stdin=big.encode())

    assert (done.returncode, done.stdout) == (5, b"")
    assert b"No result after 0.01 s." in done.stderr


def reads(fifo: Path) -> None:
    """Returns when somebody has opened the fifo for reading, and keeps it open until this process ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nobody read the fifo")


def rests(pid: int) -> None:
    """Returns when the process waits for something to read: Python heeds no signal on its way into such a wait."""
    seen: list[str] = []
    while seen[-4:] != ["S"] * 4:
        time.sleep(0.1)
        seen.append(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0])


def test_an_interrupt_ends_with_130(tmp_path):
    spec = tmp_path / "spec.yaml"
    spec.write_text(GOOD)
    os.mkfifo(tmp_path / "fifo")
    process = subprocess.Popen(
        [*COMMAND, "validate", "fifo"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 -- background jobs ignore it
    )  # fmt: skip
    reads(tmp_path / "fifo")
    rests(process.pid)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)

    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_validate_says_that_a_good_spec_is_good(here):
    plain, full = (
        here("validate", "-", stdin=GOOD.encode()),
        here("validate", "-", "-o", "json", stdin=GOOD.encode()),
    )

    parsed = kinds.parse(read(GOOD))
    assert (plain.returncode, plain.stdout) == (0, b"")
    assert json.loads(full.stdout) == {
        "valid": True, "spec_hash": kinds.spec_hash(parsed), "spec": kinds.spec_document(parsed), "warnings": [],
    }  # fmt: skip


def test_validate_tells_what_was_assumed_of_a_table_of_runs(here, tmp_path):
    runs = ["params,tokens,loss", "1e8,2e9,3.41", "1e8,4e9,3.3", "2e8,4e9,3.05", "2e8,8e9,2.9", "4e8,8e9,2.8"]
    (tmp_path / "runs.csv").write_text("\n".join([*runs, "4e8,16e9,2.7"]))
    (tmp_path / "spec.yaml").write_text("kind: scaling\nruns: {file: runs.csv}\ntarget: {flops: 1e21}\n")

    plain = here("validate", str(tmp_path / "spec.yaml"))
    full = here("validate", str(tmp_path / "spec.yaml"), "-o", "json")

    codes = [(one["code"], one["at"]) for one in json.loads(full.stdout)["warnings"]]
    assert codes == [("counts_assumed", "/runs/counts"), ("loss_unit_assumed", "/runs/loss_unit")]
    assert (plain.returncode, plain.stdout, plain.stderr.count(b"warning at /runs/")) == (0, b"", 2)
    assert b"hint: Say counts: non-embedding" in plain.stderr


def test_json_and_yaml_specs_are_the_same_spec(here):
    document = read(GOOD)
    hashes = [
        json.loads(here("validate", "-", "-o", "json", stdin=text.encode()).stdout)["spec_hash"]
        for text in (GOOD, dump_yaml(document), json.dumps(document), json.dumps({**document, "name": "🚀"}))
    ]

    assert len(set(hashes)) == 1
