"""Which setups of one kind of node are worth telling the programme of: those that another does not stand in for.

Of one layout and numbers, engine settings join while they carry something more of some class. A layout goes where
another of no more GPUs carries as much of every class with each GPU: whole replicas of it can always take its place.
"""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.supply.case import Floats
from solvers.serving.setup import Setup
from solvers.serving.static import Load

# Settings of one layout and numbers.
SETTINGS = 3
# What is carried more for the programme to be told of it: of other settings (with 0.05 two of the examples were 5 and
# 9 % dearer, proven), and of other layouts, where the static model is no better (estimate).
MORE, WORTH = 0.02, 0.05
# What counts as the same.
SAME_SHARE = 0.01
SAME = "carry nothing that other settings of the same GPUs do not carry"
NO_BETTER = "carry no more with each GPU than a replica of as few GPUs"


@dataclass(frozen=True)
class Way:
    """One setup: what it carries of each class [K], its load of each part [J, n], and the longest request it holds."""

    setup: Setup
    capacity_per_s: Floats
    load: Load
    longest: int

    @property
    def per_gpu(self) -> Floats:
        """Requests a second of each GPU."""
        return self.capacity_per_s / self.setup.gpus


def best_settings(ways: list[Way]) -> list[Way]:
    """The few of one layout and numbers that carry most between them, the best of all first.

    Each next one serves a class that none before it does, or carries more of the classes in the mean (MORE). Of those
    that are the same the one with the fewest sequences: it keeps its pace when more come.
    """
    every = np.array([one.capacity_per_s for one in ways])
    scale = np.maximum(every.max(axis=0), 1e-30)
    scores, kept = every / scale, list[int]()
    held = np.zeros(every.shape[1])
    while len(kept) < SETTINGS:
        gains = np.maximum(scores - held, 0.0).mean(axis=1) + ((scores > 0) & (held == 0)).sum(axis=1)
        if gains.max() < MORE:
            break
        near = [n for n, gain in enumerate(gains.tolist()) if gain > gains.max() - SAME_SHARE]
        chosen = min(near, key=lambda n: (ways[n].setup.max_num_seqs, -gains[n], n))
        kept.append(chosen)
        held = np.maximum(held, scores[chosen])
    return [ways[n] for n in kept]


def undominated(ways: list[Way]) -> list[Way]:
    """Those that none of as few GPUs equals (but for WORTH) with each GPU; the fewest GPUs and the most first."""
    order = sorted(ways, key=lambda one: (one.setup.gpus, -one.per_gpu.sum()))
    kept: list[Way] = []
    for one in order:
        if not any((other.per_gpu >= (1.0 - WORTH) * one.per_gpu).all() for other in kept):
            kept.append(one)
    return kept
