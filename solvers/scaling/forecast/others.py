"""Other sizes of the same compute: smaller and larger ones, laws alone, and what a smaller model to serve costs."""

import numpy as np

from solvers.documents import Document
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN, Floats
from solvers.laws.predict.interval import Interval
from solvers.laws.predict.optimum import FLOPS_PER_SERVED_TOKEN
from solvers.scaling.forecast.kinds import of_one_length
from solvers.scaling.forecast.known import Known, alone, foretold
from solvers.scaling.forecast.parts import of_interval
from solvers.scaling.forecast.place import Place
from solvers.scaling.words import change, label, share

# Sizes beside the target's at equal compute; sizes of the frontier, and how far below the target's they reach.
BESIDE = (0.5, 2.0)
FRONTIER, BELOW = 9, 8.0


def alternatives(known: Known, place: Place, laws: list[Document]) -> list[Document]:
    """Sizes half and twice as large on the same compute, and the two laws that count most, each alone."""
    sizes = [] if of_one_length(known.mix) else _sizes(known, place)
    return [*sizes, *_alone(known, place, laws)]


def frontier(known: Known, place: Place) -> list[Document]:
    """What a smaller model of the same compute of training loses: loss against parameters, or FLOP of serving.

    Nothing where laws know one length.
    """
    if of_one_length(known.mix):
        return []
    params = place.params * np.exp(np.linspace(-np.log(BELOW), 0.0, FRONTIER))
    tokens = _tokens(place, params)
    loss = foretold(known, params, tokens, unique=place.unique)
    found = [
        {
            "objectives": _objectives(place, loss, n, float(params[n])),
            "plan": plan_of(float(params[n]), float(tokens[n])),
        }
        for n in range(FRONTIER)
    ]
    return [one for n, one in enumerate(found) if loss.value[n] <= loss.value[: n + 1].min()]


def plan_of(params: float, tokens: float) -> Document:
    """A size and length as a plan beside the answer's."""
    flops = FLOPS_PER_PARAMETER_TOKEN * params * tokens
    return {"label": label(params, tokens), "params": params, "tokens": tokens, "flops": flops}


def _objectives(place: Place, loss: Interval, n: int, params: float) -> Document:
    serving = {"serving_flops": FLOPS_PER_SERVED_TOKEN * params * place.served} if place.served else {"params": params}
    return {"loss": float(loss.value[n]), **serving}


def _tokens(place: Place, params: Floats) -> Floats:
    found: Floats = place.flops / (FLOPS_PER_PARAMETER_TOKEN * params)
    return found


def _sizes(known: Known, place: Place) -> list[Document]:
    params = place.params * np.array([1.0, *BESIDE])
    tokens = _tokens(place, params)
    loss = foretold(known, params, tokens, unique=place.unique)
    return [
        {
            "plan": plan_of(float(params[n]), float(tokens[n])),
            "estimates": {"loss": of_interval(loss, n)},
            "why_not": f"{change(float(loss.value[n]), float(loss.value[0]))} loss at the same compute of training",
        }
        for n in (1, 2)
    ]


def _alone(known: Known, place: Place, laws: list[Document]) -> list[Document]:
    plan, at = plan_of(place.params, place.tokens), (np.array([place.params]), np.array([place.tokens]))
    return [
        {
            "plan": {**plan, "label": f"{one['title']} alone"},
            "estimates": {"loss": of_interval(foretold(alone(known, one["name"]), *at, unique=place.unique))},
            "why_not": f"one law of {len(laws)}; it counts {share(one['weight'])} at the target",
        }
        for one in laws[:2]
        if len(laws) > 1
    ]
