"""Measurements of one device become an own calibration; what is odd is set aside and told."""

import json

import pytest

from solvers import kinds
from solvers.calibration.own.document import Own
from solvers.documents import Document, digest
from solvers.errors import SpecError
from solvers.training.own.learn import learn
from solvers.training.own.scores import score
from tests.solvers.training.own import machine
from tests.solvers.training.own.asked import LEARNED, MIXTURES, UNSEEN, micro, step, steps


def reasons(document: Document) -> list[tuple[str, int, str]]:
    return [(one["recipe"], one["row"], one["reason"]) for one in document["aside"]]


def test_a_device_is_known_after_its_micro_benchmarks() -> None:
    found = {one["name"]: one for one in learn(machine.spec(), micro())["coefficients"]}

    measured = {name: one for name, one in found.items() if one["recipe"] and name != "dispatch_s"}
    assert {name for name, one in found.items() if not one["recipe"]} == {"loss_passes", "step_overhead_s"}
    away = {name: abs(one["value"] / machine.TRUTH[name] - 1.0) for name, one in measured.items()}
    assert max(away["flops_per_s"], away["memory_bytes_per_s"], away["kernel_gap_s"]) < 0.1
    assert {name: value for name, value in away.items() if value > 0.35} == {
        name: away[name] for name in ("gemm_wave_elements", "gemm_wave_s", "attention_half_length") if away[name] > 0.35
    }


def test_the_same_measurements_teach_the_same_to_the_byte() -> None:
    measurements = [*micro(), *steps()]

    once, again = (learn(machine.spec(), measurements) for _ in range(2))

    assert json.dumps(once) == json.dumps(again)
    assert Own.model_validate(once).document() == once
    assert once["measurements"] == sorted(digest(one) for one in measurements)


def test_steps_of_mixtures_are_learned_from_and_foretell_others() -> None:
    own = Own.model_validate(learn(machine.spec(), [*micro(), *steps(MIXTURES)]))

    assert own.aside == ()
    assert [one.params.model.moe is not None for one in own.steps] == [True] * len(MIXTURES)
    assert max(abs(one.left_out_s / one.seconds - 1.0) for one in own.steps) < 0.2
    found = score(own, steps(UNSEEN, seed=9))["errors"]
    assert found["own"]["worst"] < 0.15
    assert found["own"]["mean"] < 0.3 * found["constant"]["mean"]


def test_a_step_that_takes_three_times_too_long_is_set_aside() -> None:
    whole = steps()
    rows = [
        {**row, "seconds": {**row["seconds"], **{n: 3.0 * row["seconds"][n] for n in ("median", "low", "high")}},
         "rates": {name: rate / 3.0 for name, rate in row["rates"].items()}}
        for row in whole[2]["rows"]
    ]  # fmt: skip

    found = learn(machine.spec(), [*micro(), *whole[:2], {**whole[2], "rows": rows}, *whole[3:]])

    [(recipe, row, reason)] = reasons(found)
    assert (recipe, row) == ("training_step", 0)
    assert reason.startswith("It lies +")
    assert reason.endswith("standard deviations from what the other steps say.")
    assert len(found["steps"]) == len(LEARNED) - 1


def test_what_speaks_against_a_measurement_is_told() -> None:
    throttled = {**machine.sent("launch", {}), "flags": {"throttled": True, "spread": 0.1}}
    elsewhere = machine.sent("launch", {"repeats": 20}, name="Another CPU")
    older = machine.sent("launch", {"repeats": 30}, torch="2.1.0")
    wider = machine.sent("launch", {"repeats": 40}, threads=2)
    single = machine.sent("training_step", {**step(256, 2, 2048, 128), "precision": "fp32"})
    outdated = {"recipe": "launch", "version": 0, "params": {}}

    found = learn(machine.spec(), [*micro(), throttled, elsewhere, older, wider, single, outdated])

    assert reasons(found) == [
        ("launch", -1, "The device slowed down meanwhile."),
        ("launch", -1, "It is of Another CPU."),
        ("launch", -1, "It was measured with torch 2.1.0, 1 thread, the newest with torch 2.13.0, 1 thread."),
        ("launch", -1, "It was measured with torch 2.13.0, 2 threads, the newest with torch 2.13.0, 1 thread."),
        ("launch", -1, "Version 0 of its recipe measured it; version 1 is read."),
        ("training_step", 0, "The step computes in 32 bits; plans compute in 16 or less."),
    ]


def test_rows_whose_quartiles_lie_far_apart_are_set_aside() -> None:
    document = machine.sent("memory_copy", {"sizes": [32e6, 128e6]})
    first, second = document["rows"]
    wide = {**first, "seconds": {**first["seconds"], "low": first["seconds"]["median"] / 2.0}}

    found = learn(machine.spec(), [*steps(), {**document, "rows": [wide, second]}])

    reason = "Its quartiles are 52 % of the median apart; 50 % is the most."
    assert reasons(found) == [("memory_copy", 0, reason)]


@pytest.mark.parametrize(
    ("measurements", "code", "words"),
    [
        ([], "other_device", "None of 0 measurements is of A CPU, 2 cores; they are of nothing."),
        (
            [machine.sent("launch", {}, name="Another CPU")],
            "other_device",
            "None of 1 measurements is of A CPU, 2 cores; they are of Another CPU.",
        ),
        (
            [machine.sent("launch", {})],
            "too_few",
            "No row of gemm and none of memory_copy is left, and no training step.",
        ),
    ],
)
def test_too_little_is_an_error(measurements: list[Document], code: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        learn(machine.spec(), measurements)

    assert [(one.code, one.message) for one in raised.value.problems] == [(code, words)]


def test_a_document_that_is_no_measurement_is_refused_where_it_stands() -> None:
    document = machine.sent("memory_copy", {})
    [row] = document["rows"]
    wrong = {**document, "rows": [{**row, "seconds": {**row["seconds"], "median": float("nan")}}]}

    with pytest.raises(SpecError) as raised:
        learn(machine.spec(), [document, wrong])

    assert raised.value.problems[0].at.startswith("/measurements/1")


def test_the_kind_learns() -> None:
    assert kinds.learn(machine.spec(), micro()) == learn(machine.spec(), micro())
