"""Curves of equal compute say where a law ceases to count."""

import numpy as np

from solvers.scaling.forecast.curves import isoflops
from solvers.scaling.forecast.known import told
from tests.solvers.scaling.forecast.known_runs import known, place


def test_a_curve_says_at_which_sizes_each_law_does_not_count():
    target = place(unique=1e9)

    said = [_sizes(level) for level in isoflops(known(), target)]

    assert said == [_silent(level, unique=1e9) for level in isoflops(known(), target)]
    assert any(said)


def _sizes(level):
    """What the curve says: each law with the sizes at which it does not count."""
    return [
        (one["title"], size)
        for one in level["not_counted"]
        for size in level["params"]
        if one["least_params"] <= size <= one["most_params"]
    ]


def _silent(level, *, unique):
    """The same by the weights."""
    weights = told(known(), np.array(level["params"]), np.array(level["tokens"]), unique=unique).weights
    titles = [one.fitted.law.title for one in known().mix.experts]
    return [
        (title, size)
        for title, row in zip(titles, weights, strict=True)
        for size, weight in zip(level["params"], row, strict=True)
        if weight == 0.0
    ]
