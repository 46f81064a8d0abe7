"""Where the doubt of the target's forecast comes from, as in `solvers.laws.predict.interval`.

s^2 = a noise^2 + b parameters^2 + c process^2 + d laws^2 + ((e noise)^2 + f^2) h^2 + r^2,   each as a sd of ln loss
r   where tokens repeat: the rate at which they lose their worth, in the units of s
"""

import numpy as np

from solvers.documents import Document
from solvers.laws.predict.interval import NORMAL, columns
from solvers.laws.predict.kinds import of_repeats
from solvers.scaling.forecast.known import Known, told
from solvers.scaling.forecast.place import Place

PARTS = ("noise", "parameters", "process", "laws", "beyond", "repetition")


def doubt(known: Known, place: Place) -> Document:
    """The parts, whose squares add up to that of the scale of the interval."""
    at = np.array([place.params]), np.array([place.tokens])
    found = told(known, *at, unique=place.unique)
    again = 0.0
    if place.unique is not None and place.epochs > 1.0:
        again = NORMAL * float(of_repeats(known.mix, *at, place.unique)[0]) / known.doubt.reach
    sources = columns(found)[0]
    weight = np.exp(np.array(known.doubt.parts))
    noise, beyond = sources[0], sources[4]
    squares = [
        *(weight[:4] * sources[:4] ** 2),
        weight[4] ** 2 * (noise * beyond) ** 2 + (weight[5] * beyond) ** 2,
        again**2,
    ]
    return {name: float(np.sqrt(square)) for name, square in zip(PARTS, squares, strict=True)}


def shares(found: Document) -> list[Document]:
    """Each part's share of the variance, the largest first."""
    whole = sum(value**2 for value in found.values())
    parts = [{"term": name, "value": value**2 / whole if whole else 0.0} for name, value in found.items()]
    return sorted(parts, key=lambda one: -float(one["value"]))
