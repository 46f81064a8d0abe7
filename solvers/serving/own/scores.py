"""How well an own calibration foretells steps that it has not seen, beside what was foretold without it."""

from collections.abc import Sequence

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.calibration.shipped import Calibration
from solvers.documents import Document
from solvers.recipes.serving_step import ServingStepParams
from solvers.serving import calibration
from solvers.serving.own.document import ServingOwn
from solvers.serving.own.learn import ran
from solvers.serving.own.posterior import state_of, untaught

BESIDE: tuple[Calibration, ...] = ("prior", "published")
# A normal variable lies within so many deviations eight times of ten.
EIGHTY = 1.2816


def score(own: ServingOwn, measurements: Sequence[Document]) -> Document:
    """Steps of `measurements` (documents of the recipe serving_step) as measured and as foretold.

    `errors` are the mean and the worst relative error by what foretold, of steps that bring prompts and of decodes;
    `steps` hold each step's seconds, what each foretold, and the calibration's interval.
    """
    told = [(document, row) for document in measurements for row in document["rows"]]
    runs = [ran(ServingStepParams.model_validate(document["params"]), row) for document, row in told]
    measured = np.array([row["seconds"]["median"] for _, row in told])
    found: dict[str, Floats] = {
        name: np.exp(untaught(calibration.belief(name), own.node).foreseen(runs, own.node)[0]) for name in BESIDE
    }
    belief = calibration.belief("published")
    log, deviation = state_of(own, belief).foreseen(runs, own.node)
    reach = EIGHTY * np.hypot(deviation, belief.alone)
    found["own"] = np.exp(log)
    decodes = np.array([run.step.tokens == 1 for run in runs])
    return {
        "calibration": own.title,
        "errors": {
            kind: {name: _errors((values / measured - 1.0)[which]) for name, values in found.items()}
            for kind, which in (("prefill", ~decodes), ("decode", decodes))
            if which.any()
        },
        "covered": float(np.mean(np.abs(np.log(measured) - log) <= reach)),
        "steps": [
            {
                "layers": run.layers,
                "hidden": run.params.model.hidden,
                **run.step.model_dump(),
                "seconds": float(measured[place]),
                "foretold": {name: float(values[place]) for name, values in found.items()},
                "low": float(np.exp(log[place] - reach[place])),
                "high": float(np.exp(log[place] + reach[place])),
            }
            for place, run in enumerate(runs)
        ],
    }


def _errors(relative: Floats) -> dict[str, float]:
    return {"mean": float(np.abs(relative).mean()), "worst": float(np.abs(relative).max())}
