"""Recipes beside one another: what each would reach at the target, and how likely one beats another.

Losses of each recipe are drawn from its own forecast, independently. What all of them have in common (a process that
their laws leave out, seeds) would make their difference surer than that: the probabilities lie nearer to a half than
they need.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.laws.law import Floats
from solvers.laws.predict.interval import FREEDOM, LEVEL, Interval
from solvers.scaling.forecast.kinds import Setting
from solvers.scaling.forecast.known import Known, foretold, known_of
from solvers.scaling.forecast.parts import of_interval
from solvers.scaling.forecast.place import Place
from solvers.scaling.runs.read import Imported

DRAWS = 4096


@dataclass(frozen=True, eq=False)
class Recipes:
    """What is known of each recipe by name, and of which none can be fitted, with the reason."""

    known: Mapping[str, Known]
    refused: tuple[Problem, ...]


def recipes_of(imported: Imported) -> tuple[str, ...]:
    """The recipes' names in the order of the table; none where fewer than two are named."""
    found = tuple(dict.fromkeys(record.words.get("recipe", "") for record in imported.records))
    return found if len(found) > 1 else ()


def apart(imported: Imported, *, laws: tuple[str, ...], seed: int, setting: Setting | None = None) -> Recipes:
    """The laws fitted to each recipe's runs alone."""
    named = np.array([record.words.get("recipe", "") for record in imported.records])
    known: dict[str, Known] = {}
    refused: list[Problem] = []
    for recipe in recipes_of(imported):
        try:
            known[recipe] = known_of(imported, laws=laws, seed=seed, among=named == recipe, setting=setting)
        except SpecError as error:
            message = f"Recipe '{shown(recipe)}' cannot be foretold: {error.problems[0].message}"
            refused.append(Problem("recipe_left_out", message, "/runs/csv", error.problems[0].hint))
    return Recipes(known, tuple(refused))


def shown(recipe: str) -> str:
    """A recipe's name; runs that name none have one together."""
    return recipe or "(none named)"


def recipes(found: Recipes, places: Mapping[str, Place], *, best: str, seed: int) -> Document:
    """Each recipe's loss where it would be trained, and P(a beats b) of each pair."""
    losses = {name: loss_at(one, places[name]) for name, one in found.known.items()}
    drawn = _drawn({name: of_interval(one) for name, one in losses.items()}, seed=seed)
    return {
        "list": [
            {
                "name": shown(name),
                "runs": len(found.known[name].runs),
                "params": places[name].params,
                "tokens": places[name].tokens,
                "loss": of_interval(one),
            }
            for name, one in losses.items()
        ],
        "best": shown(best),
        "pairs": [
            {"a": shown(a), "b": shown(b), "probability": float(np.mean(drawn[a] < drawn[b]))}
            for a, b in combinations(losses, 2)
        ],
    }


def loss_at(known: Known, place: Place) -> Interval:
    """What a recipe's runs say of a place."""
    return foretold(known, np.array([place.params]), np.array([place.tokens]), unique=place.unique)


def _drawn(losses: Mapping[str, Document], *, seed: int) -> dict[str, Floats]:
    """Ln of each recipe's loss [S]: Student-t as the errors of forecasts, of which LEVEL lies within the interval."""
    from scipy.stats import t  # noqa: PLC0415 -- slow import, only where there are recipes

    rng = np.random.default_rng(seed)
    reach = float(t.ppf((1.0 + LEVEL) / 2.0, FREEDOM))
    found = {}
    for name, loss in losses.items():
        sd = (np.log(loss["high"]) - np.log(loss["value"])) / reach
        found[name] = np.log(loss["value"]) + sd * rng.standard_t(FREEDOM, DRAWS)
    return found
