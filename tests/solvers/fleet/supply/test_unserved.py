"""Why nothing serves a class, GPU by GPU; and when a few slow requests do not matter."""

from typing import Any

import pytest

from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.supply.test_supplies import MARKET, chat, spec

LONG = {"input": 60_000, "output": 100}
SHORT = {"input": 300, "output": 100}


def _reasons(**change: Any) -> list[tuple[str, str, str]]:
    found = supplies(spec(**change) if "capacities" in change else chat(**change))
    return [(one.gpu, one.constraint, one.message) for one in found.unserved[0].reasons]


def test_a_model_that_does_not_fit_is_told_in_bytes_the_nearest_gpu_first() -> None:
    market = [{"gpu": "l4", "price": 0.7}, {"gpu": "a10g", "price": 1.0}, {"gpu": "a100-80", "price": 4.0}]

    found = _reasons(model="llama-3.1-405b", market=market)

    assert [(gpu, constraint) for gpu, constraint, _ in found] == [
        ("NVIDIA A100 SXM 80 GB", "memory"), ("NVIDIA L4 24 GB", "memory"), ("NVIDIA A10G 24 GB", "memory"),
    ]  # fmt: skip
    assert found[0][2].startswith("Llama 3.1 405B does not fit: each of the 8 GPUs of a replica needs ")


def test_numbers_that_a_gpu_lacks_are_its_reason() -> None:
    ((gpu, constraint, message),) = _reasons(precision={"weights": "fp8"}, market=[{"gpu": "a100-80", "price": 4.0}])

    assert (gpu, constraint) == ("NVIDIA A100 SXM 80 GB", "precision")
    assert message == "NVIDIA A100 SXM 80 GB does not compute in fp8."


def test_a_gpu_that_stands_elsewhere_only_is_told_so() -> None:
    market = [{"gpu": "l4", "price": 0.7, "zone": "a"}, {"gpu": "h100-sxm", "price": 7.0, "zone": "b"}]

    found = _reasons(slo={"tpot": "3 ms"}, zones=["a"], market=market)

    assert [(gpu, constraint) for gpu, constraint, _ in found] == [
        ("NVIDIA L4 24 GB", "slo/tpot"),
        ("NVIDIA H100 SXM 80 GB", "zones"),
    ]
    assert found[1][2] == "It is offered outside of a only, where one may run."


def test_sizes_and_gpus_that_were_not_measured_are_told_apart() -> None:
    csv = "gpu,tp,input,output,requests_per_s\na10g,1,25,100,2\na100-80,99,25,100,2\na100-80,99,250,250,2\n"

    found = _reasons(capacities={"csv": csv}, market=[*MARKET, {"gpu": "l4", "price": 0.7}])

    assert sorted(found) == [
        (
            "NVIDIA A100 SXM 80 GB",
            "table",
            "The capacities have lines for it with more GPUs than the 8 of a node only.",
        ),
        ("NVIDIA A10G 24 GB", "table", "The capacities have no line of this size, or of a larger one, for it."),
        ("NVIDIA L4 24 GB", "table", "The capacities have no line for it."),
    ]


def test_a_few_requests_that_no_gpu_answers_in_time_are_late_and_served() -> None:
    sizes = [{**SHORT, "share": 0.97}, {**LONG, "share": 0.03}]
    found = supplies(chat(traffic={"rate": 2, "sizes": sizes}, slo={"ttft": "500 ms", "tpot": "60 ms"}))

    (carried,) = found.services
    assert found.unserved == ()
    assert [carried.classes[k].label for k in carried.split.late] == ["60000 in, 100 out"]
    assert max(one.capacity_per_s[1] for one in found.ready) > 0


def test_more_of_them_than_may_miss_are_not_served() -> None:
    sizes = [{**SHORT, "share": 0.8}, {**LONG, "share": 0.2}]
    found = supplies(chat(traffic={"rate": 2, "sizes": sizes}, slo={"ttft": "500 ms", "tpot": "60 ms"}))

    assert [(one.label, one.reasons[0].constraint) for one in found.unserved] == [("60000 in, 100 out", "slo/ttft")]
    assert found.unserved[0].reasons[0].miss > 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"slo": {"ttft": "2 s", "tpot": "90 ms"}},
        {"slo": {"tpot": "30 ms"}},
        {"router": "input"},
        {"precision": {"weights": "fp8"}},
        {"traffic": {"rate": 2, "input": 600, "output": 50}},
        {"traffic": {"rate": 90, "input": {"mean": 500, "cv": 1}, "output": {"mean": 100, "cv": 0.5}}},
    ],
)
def test_what_is_known_of_another_question_changes_no_answer(change: dict[str, Any]) -> None:
    alone, after = supplies(chat(**change)), supplies(chat(**change), known=supplies(chat()))

    assert [(one.label, one.capacity_per_s.tolist()) for one in after.ready] == [
        (one.label, one.capacity_per_s.tolist()) for one in alone.ready
    ]
    assert after.services[0].shares.tolist() == alone.services[0].shares.tolist()
    assert [one.study.spec.slo for one in after.ready if one.study] == [
        chat(**change).services[0].slo for one in alone.ready
    ]
    assert (after.unserved, after.rejected) == (alone.unserved, alone.rejected)
