"""The parts of the plan that runs have to say: laws, doubt, curves, the runs themselves, the best size."""

import numpy as np

from solvers.documents import Document
from solvers.scaling.forecast.curves import fan, isoflops, surface
from solvers.scaling.forecast.doubt import doubt
from solvers.scaling.forecast.kinds import of_one_length
from solvers.scaling.forecast.known import Known, foretold
from solvers.scaling.forecast.laws import laws
from solvers.scaling.forecast.optimum import optimum
from solvers.scaling.forecast.parts import of_interval
from solvers.scaling.forecast.place import Place
from solvers.scaling.forecast.runs import flagged, rows
from solvers.scaling.forecast.unlike import kinds, repeats

NOTHING: Document = {
    "laws": [],
    "doubt": None,
    "fan": None,
    "isoflops": [],
    "surface": None,
    "runs": [],
    "flagged": [],
    "optimum": None,
    "kinds": [],
    "repeats": None,
}


def forecast(known: Known, place: Place) -> Document:
    """Every part that runs have to say of the target."""
    return {
        "laws": laws(known, place),
        "doubt": doubt(known, place),
        "fan": fan(known, place),
        "isoflops": [] if of_one_length(known.mix) else isoflops(known, place),
        "surface": None if of_one_length(known.mix) else surface(known, place),
        "runs": rows(known, place),
        "flagged": flagged(known),
        "optimum": optimum(known, place),
        "kinds": kinds(known, place),
        "repeats": repeats(known, place),
    }


def loss_of(known: Known, place: Place) -> Document:
    """The loss of the target."""
    return of_interval(foretold(known, np.array([place.params]), np.array([place.tokens]), unique=place.unique))
