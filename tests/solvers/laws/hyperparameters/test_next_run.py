import numpy as np
import pytest

from solvers.laws.hyperparameters.next_run import Advice, Point, advised, candidates
from solvers.laws.hyperparameters.surface import Surface, fitted
from solvers.laws.hyperparameters.sweep import COLUMNS, Sweep
from solvers.laws.hyperparameters.target import target
from tests.solvers.laws.hyperparameters.sweeps import SIZES, lost, made


def sets(surface: Surface, *more: tuple[float, float]) -> list[tuple[Point, ...]]:
    return [one for size in (*SIZES, *more) for one in candidates(surface, params=size[0], tokens=size[1])]


def done(surface: Surface, points: tuple[Point, ...], *, rng: np.random.Generator) -> Surface:
    """The surface with these runs made and added."""
    old = surface.sweep
    inputs = np.array([[p.params, p.tokens, p.learning_rate, p.batch_tokens] for p in points]).T
    level = 1.7 + 40.0 * inputs[0] ** -0.25 + 200.0 * inputs[1] ** -0.28
    loss = level * np.exp(lost(*inputs) + 1e-3 * rng.standard_normal(len(points)))
    new = Sweep(*inputs, loss)
    return fitted(Sweep(*(np.concatenate([getattr(part, name) for part in (old, new)]) for name in COLUMNS)))


def expected(surface: Surface, params: float, tokens: float) -> float:
    """The excess loss expected at a size before anything more is done."""
    at = target(surface, params=params, tokens=tokens)
    return advised(surface, at, [(Point(params, tokens, *np.exp(at.mean[:2])),)]).before


def test_a_run_takes_something_from_what_is_expected_to_be_lost() -> None:
    surface = fitted(made(runs=5, noise=1e-3))
    at = target(surface, params=1e9, tokens=1e11)

    found = advised(surface, at, sets(surface))

    assert 0.0 < found.after < found.before
    assert len(found.points) == 1


def test_a_run_at_the_optimum_teaches_hardly_anything_of_where_it_is() -> None:
    surface = fitted(made(runs=5, noise=1e-3))
    at = target(surface, params=1e9, tokens=1e11)
    middle = target(surface, params=SIZES[4][0], tokens=SIZES[4][1]).mean[:2]
    floor = (Point(*SIZES[4], *np.exp(middle)),)

    best, there = advised(surface, at, sets(surface)), advised(surface, at, [floor])

    assert there.before - there.after < 0.5 * (best.before - best.after)


def test_runs_at_the_target_itself_come_as_a_pair_on_both_sides() -> None:
    surface = fitted(made(runs=9, noise=1e-3))
    at = target(surface, params=1e9, tokens=1e11)

    found = advised(surface, at, candidates(surface, params=1e9, tokens=1e11))

    steps = np.log([[p.learning_rate, p.batch_tokens] for p in found.points]) - at.mean[:2]
    assert steps[0] == pytest.approx(-steps[1], abs=1e-9)
    assert found.flops == 2 * 6 * 1e9 * 1e11


def test_a_price_on_compute_prefers_a_smaller_run() -> None:
    surface = fitted(made(runs=5, noise=1e-3))
    at = target(surface, params=1e9, tokens=1e11)

    free, priced = (advised(surface, at, sets(surface, (1e9, 1e11)), flops_power=power) for power in (0.0, 1.0))

    assert priced.flops < free.flops
    assert priced.before - priced.after < free.before - free.after


def test_what_is_promised_of_a_run_comes_true() -> None:
    ratios = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        surface = fitted(made(runs=5, noise=1e-3, seed=seed))
        at = target(surface, params=1e9, tokens=1e11)
        found: Advice = advised(surface, at, sets(surface, (4e8, 2e11)))
        ratios.append(
            (expected(done(surface, found.points, rng=rng), 1e9, 1e11) / found.before) / (found.after / found.before)
        )

    assert 0.8 < np.median(ratios) < 1.25


def test_advised_runs_lose_less_in_the_end_than_random_ones() -> None:
    ends: dict[str, list[float]] = {"advised": [], "random": []}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        for kind, values in ends.items():
            surface = fitted(made(runs=4, noise=1e-3, seed=seed))
            for _ in range(4):
                choices = sets(surface)
                at = target(surface, params=1e9, tokens=1e11)
                points = (
                    advised(surface, at, choices).points if kind == "advised" else choices[rng.integers(len(choices))]
                )
                surface = done(surface, points, rng=rng)
            values.append(expected(surface, 1e9, 1e11))

    assert np.mean(ends["advised"]) < 0.9 * np.mean(ends["random"])


def test_no_candidates_are_no_advice() -> None:
    surface = fitted(made(runs=5))

    with pytest.raises(ValueError, match="no runs to choose from"):
        advised(surface, target(surface, params=1e9, tokens=1e11), [])
