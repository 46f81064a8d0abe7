"""Mixtures on a CPU that was measured: dense steps alone foretell theirs better than a constant rate does.

The measurements are real, of a machine that did other work meanwhile; to learn from them takes no torch.
"""

import json
from pathlib import Path

import pytest

from jobs.bench.own import main, node_of, of_mixtures
from jobs.bench.own_mixtures import SERVED, TRAINED, means
from solvers.documents import Document
from solvers.recipes import get

HERE = Path(__file__).parent


def file(kind: str) -> Path:
    return HERE / f"own_mixtures_{kind}.json"


def found(kind: str) -> Document:
    document: Document = json.loads(file(kind).read_text())
    return document


@pytest.mark.parametrize(
    ("kind", "constant", "dense", "others"), [("training", 0.199, 0.091, 0.093), ("serving", 0.233, 0.114, 0.113)]
)
def test_steps_of_mixtures_that_were_not_measured_are_foretold(
    kind: str, constant: float, dense: float, others: float
) -> None:
    measured = found(kind)

    steps = of_mixtures(kind, node_of(measured["learned"][0]["environment"]), measured)

    errors = means(steps)
    assert {name: errors[name] for name in ("constant", "dense", "all others")} == pytest.approx(
        {"constant": constant, "dense": dense, "all others": others}, abs=0.01
    )
    assert len(steps) == sum(len(document["rows"]) for document in measured["mixtures"])


@pytest.mark.parametrize(("kind", "asked"), [("training", TRAINED), ("serving", SERVED)])
def test_what_was_measured_is_what_the_command_asks_for(kind: str, asked: tuple[tuple[str, Document], ...]) -> None:
    for document, (name, params) in zip(found(kind)["mixtures"], asked, strict=True):
        recipe = get(name)
        recipe.check_result(document)
        assert recipe.parse(document["params"]) == recipe.parse({"device": "cpu", "threads": 1, **params})


def test_the_command_tells_each_step_and_the_mean(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["own", "--kind", "serving", "--mixtures", "--read", str(file("serving"))])

    main()

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-5:] == ["constant", "micro", "dense", "all", "others"]
    assert len(lines) == 1 + 9 + 1
    assert lines[-1].startswith("mean error")
