import pytest

from solvers.laws.hyperparameters.power_lines import time_scale, weight_decay


def test_the_time_scale_falls_with_tokens_per_parameter() -> None:
    assert time_scale(params=1e9, tokens=2e10) == pytest.approx(1.084 * 20**-0.527, rel=1e-12)
    assert time_scale(params=1e9, tokens=2e11) < time_scale(params=1e9, tokens=2e10)


def test_weight_decay_gives_its_time_scale_back() -> None:
    run = {"learning_rate": 1e-3, "batch_tokens": 5e5}

    decay = weight_decay(params=1e9, tokens=2e10, **run)

    tau = run["batch_tokens"] / (run["learning_rate"] * decay * 2e10)
    assert tau == pytest.approx(time_scale(params=1e9, tokens=2e10), rel=1e-12)


def test_weight_decay_is_linear_in_the_batch() -> None:
    small, large = (
        weight_decay(params=1e9, tokens=2e10, learning_rate=1e-3, batch_tokens=batch) for batch in (2.5e5, 1e6)
    )

    assert large == pytest.approx(4 * small, rel=1e-12)
