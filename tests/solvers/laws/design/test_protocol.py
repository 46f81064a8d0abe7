"""Designs beside random runs on the given pools, the costliest runs of each kept back."""

import numpy as np

from solvers.laws.design.protocol import Task, at_random, designed, score, scores, task
from solvers.laws.loss import get
from tests.solvers.laws.families import farseer
from tests.solvers.laws.predict.ladders import ladder


def pool(seed: int = 0) -> Task:
    runs = ladder(noise=2e-3, sizes=12, ratios=8, seed=seed)
    return task(get("chinchilla"), runs, runs.flops)


def test_the_costliest_runs_are_kept_back() -> None:
    found = pool()

    assert len(found.kept) >= 14
    assert found.kept.flops.min() > found.pool.flops.max()


def test_both_selectors_spend_no_more_than_they_may() -> None:
    of = pool()
    spend = 0.05 * float(of.cost.sum())

    for selector in (designed, at_random):
        found = selector(of, spend=spend, seed=1)
        assert of.cost[list(found)].sum() <= spend * (1 + 1e-9)
        assert len(set(found)) == len(found)


def test_a_law_that_cannot_be_fitted_scores_least() -> None:
    assert score(pool(), (0, 1)) == -1.0


def test_designs_foretell_costly_runs_of_a_known_law_better_than_random_runs_do() -> None:
    pools = [pool(seed) for seed in range(6)]

    one, other = (
        np.mean([scores(of, selector, share=0.02, repeats=2) for of in pools]) for selector in (designed, at_random)
    )

    assert one > other


def test_on_farseers_runs_one_percent_of_the_pool_is_better_spent_by_design() -> None:
    runs = farseer()
    of = task(get("farseer"), runs, runs.flops, leave=("farseer",))

    one, other = (scores(of, selector, share=0.01, repeats=3) for selector in (designed, at_random))

    assert one.mean() > other.mean()
    assert one.min() >= 0.6
