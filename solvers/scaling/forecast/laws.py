"""Each law of the mixture: what it says of the target, what it counts there, and how its fit went."""

from collections.abc import Mapping

import numpy as np

from solvers.documents import Document
from solvers.laws.law import Floats
from solvers.laws.predict.expert import Expert, ask
from solvers.laws.predict.repeats import worth
from solvers.scaling.forecast.known import Known, told
from solvers.scaling.forecast.place import Place


def laws(known: Known, place: Place) -> list[Document]:
    """The laws, the one that counts most first."""
    at = np.array([place.params]), np.array([place.tokens])
    weights = told(known, *at, unique=place.unique).weights[:, 0]
    inputs = {"params": at[0], "tokens": worth(at[1], place.unique, rate=known.mix.repeats.rate)}
    found = [
        _law(one, float(weight), float(past), inputs)
        for one, weight, past in zip(known.mix.experts, weights, known.mix.past, strict=True)
    ]
    return sorted(found, key=lambda one: -one["weight"])


def _law(one: Expert, weight: float, past: float, inputs: Mapping[str, Floats]) -> Document:
    fitted, law = one.fitted, one.fitted.law
    return {
        "name": law.name,
        "title": law.title,
        "form": law.form,
        "weight": weight,
        "past_error": past if np.isfinite(past) else None,
        "coefficients": fitted.coefficients,
        "loss": float(np.exp(ask(one, inputs).log_loss[0])),
        "objective": fitted.objective,
        "agree": fitted.agree,
        "condition": fitted.condition,
        "gradient_norm": fitted.gradient_norm,
        "caveats": list(law.caveats),
        "source": law.sources[0],
    }
