"""Of which rows a calibration speaks, whatever its kind."""

import json
from pathlib import Path

import pytest

from solvers import kinds
from solvers.base import Foretold
from solvers.calibration.own.foretold import UNWORDED, beside_unworded
from solvers.documents import Document
from solvers.errors import SpecError
from tests.solvers.serving.own import machine

COPY = next(one for one in machine.micro() if one["recipe"] == "memory_copy")


def moved(document: Document, **environment: object) -> Document:
    return {**document, "environment": {**document["environment"], **environment}}


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"name": "NVIDIA L4"}, "They are of NVIDIA L4; the calibration is of AMD EPYC."),
        (
            {"threads": 2},
            "They were measured with torch 2.13.0+cpu, 2 threads; the calibration with torch 2.13.0+cpu, 1 thread.",
        ),
    ],
)
def test_an_own_calibration_speaks_of_its_device_and_software_alone(environment: Document, reason: str) -> None:
    [told] = kinds.foretold("serving", machine.own(), [(moved(COPY, **environment), {})])

    assert told == (reason,) * len(COPY["rows"])


def test_a_row_too_wide_to_learn_from_was_not_learned_from() -> None:
    first, *others = COPY["rows"]
    wide = {
        **COPY,
        "rows": [{**first, "seconds": {**first["seconds"], "high": 2.0 * first["seconds"]["median"]}}, *others],
    }

    # The calibration learned from all but the wide row.
    own = kinds.learn(machine.spec(), [wide, *(one for one in machine.micro() if one is not COPY)])
    [told] = kinds.foretold("serving", own, [(wide, {})])

    assert [isinstance(one, Foretold) and one.left_out for one in told] == [False, True]


def test_what_has_no_formula_keeps_its_place() -> None:
    assert beside_unworded([False, True, False, True], [Foretold(1.0), Foretold(2.0)]) == [
        UNWORDED, Foretold(1.0), UNWORDED, Foretold(2.0),
    ]  # fmt: skip


def test_only_kinds_that_learn_foretell() -> None:
    assert kinds.foretelling() == ["training", "serving"]
    with pytest.raises(SpecError) as caught:
        kinds.foretold("fleet", None, [])
    assert caught.value.problems[0].code == "cannot_be_tried"


@pytest.mark.parametrize("kind", kinds.foretelling())
def test_what_is_no_calibration_is_told(kind: str) -> None:
    with pytest.raises(SpecError) as caught:
        kinds.foretold(kind, {"format": "isoflop-calibration"}, [])
    assert "/device" in {problem.at for problem in caught.value.problems}


@pytest.mark.parametrize("kind", kinds.foretelling())
def test_each_row_of_each_recipe_is_foretold_or_has_a_reason(kind: str) -> None:
    file = Path(__file__).parents[3] / "jobs" / "bench" / "own_cpu.json"
    documents = [*json.loads(file.read_text("utf-8"))["learned"], *machine.micro(), *machine.steps()]

    told = kinds.foretold(kind, None, [(one, machine.asked()["hardware"]["node"]) for one in documents])

    assert [len(one) for one in told] == [len(one["rows"]) for one in documents]
    assert all(one if isinstance(one, str) else one.seconds > 0.0 and not one.left_out for each in told for one in each)
