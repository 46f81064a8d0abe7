"""The lines for a terminal are shell that says exactly the spec."""

import json
import subprocess

from frontend import terminal
from solvers import documents

SPEC = {"kind": "training", "name": "it's $HOME `x`\nSPEC", "hardware": {"nodes": 1}}


def shell(lines: str) -> str:
    """What these lines print, with a curl and an isoflop that show what they are given."""
    shown = 'curl() { printf "%s\\n" "$@" >&2; echo \'{"id": "r1"}\'; }\nisoflop() { cat "$2"; }\n'
    run = subprocess.run(["bash", "-c", shown + lines], capture_output=True, text=True, check=True)
    return run.stdout + run.stderr


def test_the_command_line_solves_the_text_as_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = documents.dump_yaml(SPEC) + "# a comment\nSPEC:\n"

    said = shell(terminal.cli(text + "SPEC\n", server="http://host:8000", token="if_x", run="r0"))

    assert said == text + "SPEC\n"


def test_curl_sends_the_document_and_asks_for_its_result(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    said = shell(terminal.curl(SPEC, server="http://host:8000", token="if_x", project="search-lm", run="r0"))

    sent = said[said.index('{\n  "project"') : said.index("\n}\n") + 2]
    assert json.loads(sent) == {"project": "search-lm", "spec": SPEC}
    assert "http://host:8000/api/v1/runs/r1/result" in said


def test_without_a_token_its_place_is_marked():
    assert "ISOFLOP_TOKEN='if_…'" in terminal.cli("kind: x\n", server="http://h", token="", run="r0")


def test_a_long_spec_is_fetched_from_its_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    large = {**SPEC, "runs": {"csv": "params,tokens,loss\n" * 10_000}}
    serving = f"curl() {{ echo '{json.dumps({'id': 'r1', 'spec': SPEC | {'name': 'x'}})}'; }}\n"
    spec_text = documents.dump_yaml(large)

    lines = [
        terminal.cli(spec_text, server="http://host", token="if_x", run="r0") + "\ncat spec.json",
        terminal.curl(large, server="http://host", token="if_x", project="lm", run="r0")
        + " > /dev/null; cat body.json",
    ]

    assert [len(text) < 1000 and "/api/v1/runs/r0" in text for text in lines] == [True, True]
    said = [
        subprocess.run(
            ["bash", "-c", f"{serving}isoflop() {{ :; }}\n{text}"], capture_output=True, text=True, check=True
        ).stdout.splitlines()[-1]
        for text in lines
    ]
    assert [json.loads(one) for one in said] == [
        SPEC | {"name": "x"}, {"project": "lm", "spec": SPEC | {"name": "x"}},
    ]  # fmt: skip
