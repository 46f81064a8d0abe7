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

    said = shell(terminal.cli(text + "SPEC\n", server="http://host:8000", token="if_x"))

    assert said == text + "SPEC\n"


def test_curl_sends_the_document_and_asks_for_its_result(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    said = shell(terminal.curl(SPEC, server="http://host:8000", token="if_x", project="search-lm"))

    sent = said[said.index('{\n  "project"') : said.index("\n}\n") + 2]
    assert json.loads(sent) == {"project": "search-lm", "spec": SPEC}
    assert "http://host:8000/api/v1/runs/r1/result" in said


def test_without_a_token_its_place_is_marked():
    assert "ISOFLOP_TOKEN='if_…'" in terminal.cli("kind: x\n", server="http://h", token="")
