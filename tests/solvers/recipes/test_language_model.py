"""Small language models: rates of the schedule by hand, the vocabulary of bytes."""

import pytest

from solvers.errors import SpecError
from solvers.recipes.language_model import RECIPE


def test_the_rate_rises_on_a_line_and_falls_as_the_schedule_says() -> None:
    asked = {"steps": 14, "warmup_steps": 4, "learning_rate": 0.1, "final_share": 0.2}

    rates = {
        name: [RECIPE.parse({**asked, "schedule": name}).rate(step) for step in (0, 3, 4, 9, 14)]
        for name in ("constant", "linear", "cosine")
    }

    assert rates["constant"] == pytest.approx([0.025, 0.1, 0.1, 0.1, 0.1])
    assert rates["linear"] == pytest.approx([0.025, 0.1, 0.1, 0.06, 0.02])
    assert rates["cosine"] == pytest.approx([0.025, 0.1, 0.1, 0.06, 0.02])


def test_steps_are_what_is_timed_and_tokens_are_bytes() -> None:
    params = RECIPE.parse({"steps": 50, "batch": 4, "sequence_length": 32})

    assert params.samples() == (0, 50)
    assert RECIPE.rates(params, RECIPE.keys(params)[0], 0.5)["tokens_per_s"] == 256.0
    assert RECIPE.keys(params) == ({"steps": 50, "parameters": 98_624},)
    with pytest.raises(SpecError, match="Each byte is a token: a vocabulary of 256"):
        RECIPE.parse({"model": {"vocabulary": 300}})
