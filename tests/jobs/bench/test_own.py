"""A CPU that was measured: steps of shapes that were not learned from are foretold within 15 %.

The measurements are real (`own_cpu.json` says of what); to learn from them takes no torch and gives the same anywhere.
"""

import json
from functools import cache
from pathlib import Path

import pytest

from jobs.bench.own import FORETOLD, LEARNED, MICRO, main, node_of, spec_for
from solvers.calibration.own.document import Own
from solvers.documents import Document
from solvers.training.own.learn import learn
from solvers.training.own.scores import score

FILE = Path(__file__).with_name("own_cpu.json")


@cache
def measured() -> Document:
    found: Document = json.loads(FILE.read_text())
    return found


def learned(documents: list[Document]) -> Own:
    return Own.model_validate(learn(spec_for(node_of(documents[0]["environment"])), documents))


def shares(errors: dict[str, dict[str, float]]) -> dict[str, tuple[float, float]]:
    return {name: (round(one["mean"], 2), round(one["worst"], 2)) for name, one in errors.items()}


def test_steps_of_shapes_that_were_not_measured_are_foretold_within_15_per_cent() -> None:
    own = learned(measured()["learned"])

    found = score(own, measured()["foretold"])

    assert shares(found["errors"]) == {
        "prior": (3.73, 5.73),
        "published": (10.03, 15.44),
        "constant": (0.15, 0.3),
        "own": (0.05, 0.14),
    }
    assert found["covered"] == 1.0
    assert own.aside == ()


def test_each_kind_of_measurement_is_worth_something() -> None:
    micro, steps = measured()["learned"][: len(MICRO)], measured()["learned"][len(MICRO) :]

    errors = {
        name: score(learned(documents), measured()["foretold"])["errors"]["own"]["mean"]
        for name, documents in {"micro": micro, "steps": steps, "both": measured()["learned"]}.items()
    }

    assert errors["both"] < errors["steps"] < 0.2
    assert errors["both"] < errors["micro"] < 0.2


def test_the_command_reads_measurements_of_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["own", "--read", str(FILE)])

    main()

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("AMD EPYC, torch 2.13.0+cpu, 1 thread: own-")
    assert [line.split()[0] for line in lines[-4:]] == ["8", "mean", "worst", "80"]
    assert len([line for line in lines if line[:6].strip().isdigit()]) == len(FORETOLD)
    assert len(measured()["learned"]) == len(MICRO) + len(LEARNED)
