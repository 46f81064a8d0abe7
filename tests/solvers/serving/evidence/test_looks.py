import pytest

from solvers.serving.evidence.looks import balanced, steps_between
from solvers.serving.evidence.rows import question_of
from tests.solvers.serving.evidence.measured import row

R1 = {
    "model_path": "deepseek-ai/DeepSeek-R1",
    "system": "b200_sxm",
    "backend": "sglang",
    "precision": "fp4",
    "gemm_quant_mode": "nvfp4",
    "moe_quant_mode": "nvfp4",
    "isl": "999",
    "tp_size": "8",
    "moe_ep_size": "8",
    "source": "x",
}
QWEN = R1 | {"model_path": "Qwen/Qwen3.5-397B-A17B", "system": "b300_sxm", "precision": "fp8"}


def _steps(**cells: str) -> float:
    question = question_of(row(**(R1 | {"batch_size": cells.get("concurrency", "8")} | cells)), 0)
    return steps_between(question, question.readings[0])


@pytest.mark.parametrize(("clients", "steps"), [("4", 10.0), ("15", 10.0), ("16", 30.0), ("512", 30.0)])
def test_sglang_looks_for_requests_as_its_public_recipe_lets_it(clients: str, steps: float) -> None:
    assert _steps(concurrency=clients) == steps


@pytest.mark.parametrize(
    "other",
    [
        {"backend": "vllm"},
        {"backend": "trtllm"},
        {"system": "h200_sxm"},
        {"attention_dp_size": "8", "tp_size": "1"},
    ],
)
def test_an_engine_that_no_recipe_slows_looks_in_each_step(other: dict[str, str]) -> None:
    assert _steps(**other) == 1.0


@pytest.mark.parametrize(
    ("day", "steps"), [("2026-04-15", 30.0), ("2026-04-16", 10.0), ("", 10.0), ("2024-01-01", 1.0)]
)
def test_the_recipe_that_stood_on_the_day_of_a_measurement_counts(day: str, steps: float) -> None:
    assert _steps(**QWEN, measured=day, concurrency="64") == steps


def test_ranks_of_tensorrt_llm_wait_for_each_others_prompts() -> None:
    ranks = row(**(R1 | {"backend": "trtllm", "attention_dp_size": "8", "tp_size": "1"}))
    whole = row(**(R1 | {"backend": "trtllm"}))

    found = [question_of(cells, 0) for cells in (ranks, whole)]

    assert [balanced(question, question.readings[0]) for question in found] == [1.0, 0.0]
