"""The first runs, when nothing is known: an L of cheap ones and two anchors of high compute.

An arm for each input: the cheapest run at each of several levels of it, evenly spread in logarithms (all arms together
are the L of [skaling2026]). Anchors: the runs nearest to the target that ANCHOR of the spend can pay, the second with
another ratio of the inputs. Cheapest runs alone tell next to nothing of a costly target.
"""

import numpy as np

from solvers.laws.design.candidates import Candidates, Target, total
from solvers.laws.law import Floats

# Each anchor's share of the spend; an arm's runs cost at most this share together.
ANCHOR, ARM = 0.3, 0.2
# Anchors differ in the ratio of the inputs by at least this factor, where any two do.
APART = 2.0


def first(candidates: Candidates, target: Target, *, spend: float, runs: int = 9) -> tuple[int, ...]:
    """About `runs` candidates, anchors first; fewer where the spend cannot pay them."""
    places = _places(candidates, target)
    found = _anchors(candidates, places[: len(candidates)], places[len(candidates) :].mean(axis=0), spend=spend)
    arms = places.shape[1]
    levels = max(2, -(-(runs - len(found)) // arms))
    for place in _arms(candidates, places[: len(candidates)], levels=levels, most=ARM * spend / levels):
        if place not in found and total(candidates, (*found, place)) <= spend:
            found.append(place)
    return tuple(found)


def _places(candidates: Candidates, target: Target) -> Floats:
    """The ln of the inputs of candidates and targets [K + Q, I]."""
    columns = [np.log(np.concatenate([candidates.inputs[name], values])) for name, values in target.inputs.items()]
    return np.stack(columns, axis=1)


def _anchors(candidates: Candidates, places: Floats, aim: Floats, *, spend: float) -> list[int]:
    """The two runs of most compute towards the target."""
    distance = np.linalg.norm(places - aim, axis=1)
    paid = candidates.cost <= ANCHOR * spend
    if not paid.any():
        return []
    one = int(np.argmin(np.where(paid, distance, np.inf)))
    ratio = places[:, 0] - places[:, -1]
    other = paid & (np.abs(ratio - ratio[one]) >= np.log(APART))
    if not other.any():
        return [one]
    return [one, int(np.argmin(np.where(other, distance, np.inf)))]


def _arms(candidates: Candidates, places: Floats, *, levels: int, most: float) -> list[int]:
    """The cheapest run at each level of each input, an arm after the other."""
    found: list[int] = []
    for column in places.T:
        paid = np.flatnonzero(candidates.cost <= max(most, candidates.cost.min()))
        for level in np.linspace(column[paid].min(), column[paid].max(), levels):
            gap = np.abs(column[paid] - level)
            near = paid[gap <= gap.min() + 1e-9]
            found.append(int(near[np.argmin(candidates.cost[near])]))
    return list(dict.fromkeys(found))
