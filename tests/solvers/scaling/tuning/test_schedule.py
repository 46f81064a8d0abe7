import pytest

from solvers.errors import SpecError
from solvers.scaling.tuning.schedule import course, kind_of, mean_share, peak_ratio


def test_a_wsd_run_decays_over_its_last_fifth() -> None:
    found = course("wsd", params=1e9, tokens=2e10, batch_tokens=4e5)

    assert (found.steps, found.warmup_steps, found.decay_steps) == (50_000, 2000, 10_000)
    assert found.final_rate_share(1e-3) == 0.0


@pytest.mark.parametrize(
    ("params", "tokens", "batch", "warm"),
    [(1e9, 2e10, 4e5, 2000), (1e8, 2e10, 4e5, 250), (1e9, 4e9, 4e5, 1000), (1e9, 4e5, 4e5, 0)],
)
def test_warm_up_ends_by_the_models_size_and_a_tenth_of_the_run(
    params: float, tokens: float, batch: float, warm: int
) -> None:
    assert course("cosine", params=params, tokens=tokens, batch_tokens=batch).warmup_steps == warm


def test_a_cosine_ends_at_a_fixed_rate_or_a_tenth_and_decays_after_warm_up() -> None:
    found = course("cosine", params=1e8, tokens=2e10, batch_tokens=4e5)

    assert (found.decay_steps, found.final_rate_share(1e-3), found.final_rate_share(2e-5)) == (49_750, 1e-2, 0.1)


def test_peaks_keep_the_sum_of_learning_rates() -> None:
    shares = [mean_share(kind) for kind in ("cosine", "linear", "wsd")]

    assert shares == pytest.approx([0.55, 0.5, 0.8 + 0.2 / 3], abs=1e-3)
    assert peak_ratio("wsd", of="cosine") == pytest.approx(0.55 / (0.8 + 0.2 / 3), abs=1e-3)
    assert peak_ratio("linear", of="linear") == 1.0


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("cosine_with_warmup", "cosine"),
        ("WSD", "wsd"),
        ("warmup_stable_decay", "wsd"),
        ("linear", "linear"),
        ("x", None),
    ],
)
def test_words_of_tables_are_known(word: str, kind: str | None) -> None:
    assert kind_of(word) == kind


def test_a_schedule_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpecError) as caught:
        course("cosin", params=1e8, tokens=1e9, batch_tokens=1e5)

    assert caught.value.problems[0].at == "/options/schedule"
    assert "cosine" in caught.value.problems[0].hint
