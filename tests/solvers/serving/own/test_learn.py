"""Measurements of one device become serving's own calibration; what is odd is set aside and told."""

import json

import pytest

from solvers import kinds
from solvers.documents import Document, digest
from solvers.errors import SpecError
from solvers.serving.own.document import ServingOwn
from solvers.serving.own.learn import learn
from tests.solvers.serving.own.machine import foretold, in_32_bits, micro, own, slower, spec, steps


def test_a_core_is_known_after_its_micro_benchmarks() -> None:
    found = {one["name"]: one for one in learn(spec(), micro())["coefficients"]}

    assert {name: one["recipe"] for name, one in found.items()} == {
        "flops_per_s": "gemm", "memory_bytes_per_s": "memory_copy", "tiles": "gemm", "product_memory": "gemm",
        "prefill_attention": "attention", "decode_attention": "attention", "decode_compute": "attention",
        "eager_gap_s": "launch",
    }  # fmt: skip
    # The largest product alone runs at 480 GFLOP/s, copies of 128 MB at 42 GB/s.
    assert found["flops_per_s"]["value"] == pytest.approx(5e11, rel=0.1)
    assert found["memory_bytes_per_s"]["value"] == pytest.approx(4.2e10, rel=0.1)
    # A core pads products less than a GPU's tiles do.
    assert found["tiles"]["value"] < 0.6


def test_the_same_measurements_teach_the_same_to_the_byte() -> None:
    once, again = (learn(spec(), [*micro(), *steps()]) for _ in range(2))

    assert json.dumps(once) == json.dumps(again)
    assert ServingOwn.model_validate(once).document() == once
    assert once["measurements"] == sorted(digest(one) for one in (*micro(), *steps()))


def test_errors_of_steps_left_out_are_smaller_than_before() -> None:
    told = own()["steps"]

    before, left_out = (
        sum(abs(one[name] / one["seconds"] - 1.0) for one in told) / len(told) for name in ("before_s", "left_out_s")
    )
    assert len(told) == sum(len(one["rows"]) for one in steps())
    assert before > 1.0
    assert left_out < 0.1


def test_a_step_that_takes_four_times_too_long_is_set_aside() -> None:
    odd = slower(foretold()[0], 4.0)
    odd = {**odd, "rows": odd["rows"][:1], "params": {**odd["params"], "steps": odd["params"]["steps"][:1]}}

    found = learn(spec(), [*micro(), *steps(), odd])

    [aside] = found["aside"]
    assert (aside["recipe"], aside["row"], aside["measurement"]) == ("serving_step", 0, digest(odd))
    assert aside["reason"].startswith("It lies +")
    assert len(found["steps"]) == len(own()["steps"])


def test_steps_in_32_bits_are_set_aside() -> None:
    first, *others = steps()
    single = in_32_bits(first)

    found = learn(spec(), [*micro(), single, *others])

    reason = "The step computes in 32 bits; plans compute in 16 or less."
    assert [one["reason"] for one in found["aside"]] == [reason] * len(first["rows"])


@pytest.mark.parametrize(
    ("measurements", "code", "words"),
    [
        ([], "other_device", "None of 0 measurements is of AMD EPYC, 1 cores; they are of nothing."),
        (
            [one for one in micro() if one["recipe"] == "launch"],
            "too_few",
            "No row of gemm and none of memory_copy is left, and no serving step.",
        ),
    ],
)
def test_too_little_is_an_error(measurements: list[Document], code: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        learn(spec(), measurements)

    assert [(one.code, one.message) for one in raised.value.problems] == [(code, words)]


def test_the_kind_learns() -> None:
    assert kinds.learn(spec(), [*micro(), *steps()]) == own()
