"""Small language models: they learn, the same seed learns the same, the curve is by hand."""

import pytest

from jobs.bench.language_model import curve
from jobs.bench.run import measure
from solvers.documents import Document
from solvers.recipes.language_model import RECIPE


def trained(**changes: object) -> Document:
    params = RECIPE.parse({"steps": 60, "batch": 16, "threads": 1, **changes})
    document = measure(RECIPE, params, lambda *_: None)
    RECIPE.check_result(document)
    return document["rows"][0]


def test_a_model_learns_and_the_same_seed_learns_the_same() -> None:
    one, again, other = trained(), trained(), trained(seed=1)

    # Guessing costs ln 256 = 5.55 nats a byte; how often each byte comes says 3.2.
    assert one["curve"][0]["loss"] > 4.5
    assert one["held_out_loss"] < 3.3
    assert (one["curve"], one["held_out_loss"]) == (again["curve"], again["held_out_loss"])
    assert one["curve"] != other["curve"]
    assert one["passes"] == pytest.approx(60 * 16 * 64 / 1_597_727)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_mixture_learns_too(precision: str) -> None:
    moe = {"experts": 4, "top_k": 2, "ffn": 64}

    row = trained(model={"ffn": 0, "tied_embeddings": True, "moe": moe}, precision=precision)

    assert row["held_out_loss"] < 3.3


def test_the_curve_has_means_of_equally_many_steps() -> None:
    params = RECIPE.parse({"points": 2, "batch": 2, "sequence_length": 10})

    assert list(curve([1.0, 2.0, 3.0, 5.0, 9.0], params)) == [
        {"step": 3, "tokens": 60, "loss": 2.0},
        {"step": 5, "tokens": 100, "loss": 7.0},
    ]
