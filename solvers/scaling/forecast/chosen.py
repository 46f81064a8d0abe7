"""Which of several recipes is advised: each is asked about the place that is best for itself.

size and length given      the lowest loss there
compute or GPU-hours       the lowest loss, each at its own best split of what may be spent
a loss                     the least compute that reaches it; of those that do not, the one that comes nearest
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from solvers.scaling.forecast.known import Known
from solvers.scaling.forecast.place import Place, at_best, least
from solvers.scaling.forecast.recipes import Recipes, loss_at
from solvers.scaling.target import Target


@dataclass(frozen=True, eq=False)
class Chosen:
    """The best recipe, its place or why it has none, and where each recipe would be trained for as much."""

    best: str
    place: Place | str
    places: Mapping[str, Place]


def choose(found: Recipes, ask: Callable[[Known], Place | str], target: Target, *, seed: int) -> Chosen:
    """The best of the recipes; `ask` gives the place of one, or why it has none."""
    asked = {name: ask(one) for name, one in found.known.items()}
    own = {name: place for name, place in asked.items() if isinstance(place, Place)}
    if not own:
        nearest = min(found.known, key=lambda name: _nearest(found.known[name], target))
        return Chosen(nearest, asked[nearest], {})
    if target.loss is None:
        best = min(own, key=lambda name: float(loss_at(found.known[name], own[name]).value[0]))
        return Chosen(best, own[best], {name: own.get(name, own[best]) for name in found.known})
    best = min(own, key=lambda name: own[name].budget)
    others = {
        name: at_best(one.mix, own[best].budget, target, seed=seed) for name, one in found.known.items() if name != best
    }
    return Chosen(best, own[best], {**others, best: own[best]})


def _nearest(known: Known, target: Target) -> float:
    """The lowest ln loss that a recipe reaches; where a loss was not asked for, all are as near."""
    return float(least(known, target).log_loss[0]) if target.loss is not None else 0.0
