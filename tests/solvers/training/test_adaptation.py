"""What trains: the task, and the adapters of a fine-tuning with low rank."""

from typing import Any

import pytest

from solvers import kinds
from solvers.errors import Problem, SpecError
from solvers.training.adaptation import LowRank, adapters_of
from solvers.training.spec import TrainingSpec
from tests.answers import answer

GOOD: dict[str, Any] = {
    "kind": "training", "model": "llama-2-70b", "hardware": {"node": "dgx-h100", "nodes": 1}, "precision": "fp8",
    "sequence_length": 8192, "global_batch": 8,
}  # fmt: skip


def _solved(**change: Any) -> Any:
    return answer(kinds.parse({**GOOD, **change}))


def _problems(**change: Any) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        kinds.parse({**GOOD, **change})
    return list(caught.value.problems)


def test_a_lora_without_adapters_takes_rank_16_beside_all_products() -> None:
    spec = kinds.parse({**GOOD, "task": "lora"})

    assert isinstance(spec, TrainingSpec)
    assert spec.trained() == LowRank(rank=16, targets="all", frozen="bf16").adapters()
    assert adapters_of("sft", None) is None


def test_fine_tuning_all_weights_costs_what_pretraining_costs() -> None:
    smaller = {"model": "llama-2-7b"}

    pretrained, tuned = _solved(**smaller), _solved(**smaller, task="sft")

    assert tuned["estimates"] == pretrained["estimates"]


def test_seventy_billion_weights_fit_one_node_as_frozen_weights_only() -> None:
    resident = {"options": {"forbid": ["optimizer_offload"]}}

    assert [_solved(**resident, **change)["status"] for change in ({}, {"task": "lora"})] == ["infeasible", "solved"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"adapters": {"rank": 8}},
            Problem("contradiction", "Adapters are given, and the task is pretrain, which trains all weights.",
                    "/adapters", "Say `task: lora`, or leave the adapters out."),
        ),
        (
            {"task": "lora", "adapters": {"rank": 8192}},
            Problem("too_large", "Rank 8,192 is not below the hidden width of 8,192.", "/adapters/rank",
                    "Ranks of 8 to 64 are usual."),
        ),
    ],
)  # fmt: skip
def test_adapters_that_make_no_sense_are_refused_with_a_hint(change: dict[str, Any], problem: Problem) -> None:
    assert _problems(**change) == [problem]


@pytest.mark.parametrize(
    ("change", "at"),
    [({"task": "dpo"}, "/task"), ({"task": "lora", "adapters": {"rank": 0}}, "/adapters/rank"),
     ({"task": "lora", "adapters": {"targets": "mlp"}}, "/adapters/targets"),
     ({"task": "lora", "adapters": {"alpha": 16}}, "/adapters/alpha")],
)  # fmt: skip
def test_a_wrong_word_is_refused_at_its_field(change: dict[str, Any], at: str) -> None:
    assert [problem.at for problem in _problems(**change)] == [at]


def test_a_model_without_the_adapted_products_is_refused() -> None:
    mamba = {
        "layers": 4, "hidden": 1024, "heads": 8, "vocab": 32000, "pattern": "MMMM",
        "mamba": {"heads": 32, "head_dim": 64, "state": 128}, "source": [{"title": "a test"}],
    }  # fmt: skip

    assert [(problem.code, problem.at) for problem in _problems(task="lora", model=mamba)] == [
        ("no_target", "/adapters/targets")
    ]
