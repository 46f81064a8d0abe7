"""Which setups the programme is told of."""

from dataclasses import replace

import numpy as np

from solvers.cost.serving.job import Layout, Numerics
from solvers.fleet.supply.chosen import Way, best_settings, undominated
from solvers.serving.setup import Setup
from solvers.serving.static import Load

SETUP = Setup(Layout(tp=1, pp=1, dp=1, ep=1), Numerics("bf16", "fp16"), 256, 2048)
NOTHING = Load(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))


def _way(*capacity: float, tp: int = 1, seqs: int = 256, tokens: int = 2048) -> Way:
    setup = replace(SETUP, layout=Layout(tp=tp, pp=1, dp=1, ep=1), max_num_seqs=seqs, max_num_batched_tokens=tokens)
    return Way(setup, np.array(capacity), NOTHING, 1)


def test_of_settings_that_carry_the_same_the_one_with_fewest_sequences_stays() -> None:
    ways = [_way(4.0, 2.0, seqs=1024), _way(4.0, 1.99, seqs=128), _way(3.0, 1.0, seqs=64)]

    assert best_settings(ways) == [ways[1]]


def test_settings_join_while_they_serve_or_carry_something_more() -> None:
    ways = [_way(4.0, 0.0), _way(3.0, 0.1, tokens=512), _way(3.9, 0.0, tokens=8192)]

    assert best_settings(ways) == [ways[1], ways[0]]


def test_more_gpus_stay_only_where_they_carry_more_with_each() -> None:
    one, same, better, only = _way(4.0, 2.0, 0.0), _way(8.0, 4.0, 0.0, tp=2), _way(15.0, 9.0, 0.0, tp=4), None
    only = _way(1.0, 1.0, 0.1, tp=8)

    assert undominated([only, better, same, one]) == [one, better, only]
