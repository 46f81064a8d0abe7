import json

import pytest
from typer.testing import CliRunner

from jobs.agent.command import Spread, command
from jobs.agent.errors import NO_TORCH, NodeError
from jobs.agent.measuring import measured
from planner.cli.app import app
from solvers import recipes
from tests.jobs.agent import signing


def test_a_recipe_is_measured_without_a_server(tmp_path):
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"recipe": "memory_copy", "params": signing.COPY}))

    done = CliRunner().invoke(app, ["measure", "--request", str(request)])

    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    recipes.get("memory_copy").check_result(document)
    assert [row["size_bytes"] for row in document["rows"]] == [1_000_000]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["measure", "shell"], "no recipe called 'shell'"),
        (["measure", "memory_copy", "--kubernetes"], "container image"),
        (["measure", "memory_copy", "--nodes", "2"], "where to meet"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments, words):
    done = CliRunner().invoke(app, arguments)

    assert done.exit_code == 2
    assert words in done.stderr


def test_processes_on_several_machines_meet_where_they_are_told(tmp_path):
    started = command(tmp_path, processes=16, spread=Spread(2, "first:29400"))

    assert started[1:] == (
        *("-m", "torch.distributed.run", "--nnodes", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", "first:29400"),
        *("--nproc-per-node", "8", "-m", "jobs.agent.child", str(tmp_path)),
    )


def test_without_torch_it_is_said_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(NodeError) as caught:
        measured("memory_copy", None, signing.COPY)

    assert caught.value.problems[0] == NO_TORCH
