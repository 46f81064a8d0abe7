"""How well an own calibration foretells steps that it has not seen, beside what was foretold without it.

constant    the median share of peak that the calibration's own steps reached, taken for every step: what anybody can do
            who has measured as much and models nothing
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.calibration.own.document import Own
from solvers.cost.flops import model_flops
from solvers.documents import Document
from solvers.recipes.training_step import TrainingStepParams
from solvers.training import calibration
from solvers.training.evidence.posterior import foreseen
from solvers.training.own.steps import SOFTWARE, batches, case

BESIDE = ("prior", "published")


def score(own: Own, measurements: Sequence[Document]) -> Document:
    """Steps of `measurements` (documents of the recipe training_step) as measured and as foretold.

    `errors` are the mean and the worst relative error by what foretold; `steps` hold each step's seconds, what each
    foretold, and the calibration's interval.
    """
    told = [(document, row) for document in measurements for row in document["rows"]]
    steps = [(TrainingStepParams.model_validate(document["params"]), row["layers"]) for document, row in told]
    measured = np.array([row["seconds"]["median"] for _, row in told])
    runs = batches(steps, own.node)
    found: dict[str, Floats] = {
        name: np.exp(foreseen(calibration.posterior(name), runs, SOFTWARE)[0].mean) for name in BESIDE
    }
    seen, _ = foreseen(calibration.posterior(own), runs, SOFTWARE)
    low, high = seen.interval()
    found |= {**_at_constant_share(own, steps), "own": np.exp(seen.mean)}
    return {
        "calibration": own.title,
        "errors": {name: _errors(values / measured - 1.0) for name, values in found.items()},
        "covered": float(np.mean((np.log(measured) >= low) & (np.log(measured) <= high))),
        "steps": [
            {
                **_shape(params, layers),
                "seconds": float(measured[place]),
                "foretold": {name: float(values[place]) for name, values in found.items()},
                "low": float(np.exp(low[place])),
                "high": float(np.exp(high[place])),
            }
            for place, (params, layers) in enumerate(steps)
        ],
    }


def _shape(params: TrainingStepParams, layers: int) -> dict[str, Any]:
    model = params.model
    return {
        "layers": layers, "hidden": model.hidden, "ffn": model.ffn, "vocabulary": model.vocabulary,
        "sequence_length": params.sequence_length, "micro_batch": params.micro_batch,
        "micro_batches": params.micro_batches,
    }  # fmt: skip


def _errors(relative: Floats) -> dict[str, float]:
    return {"mean": float(np.abs(relative).mean()), "worst": float(np.abs(relative).max())}


def _at_constant_share(own: Own, steps: Sequence[tuple[TrainingStepParams, int]]) -> dict[str, Floats]:
    """Seconds at the FLOP/s that the calibration's steps reached in the middle; nothing where it has none."""
    if not own.steps:
        return {}
    rate = np.median([_flops(one.params, one.layers, own) / one.seconds for one in own.steps])
    return {"constant": np.array([_flops(params, layers, own) / rate for params, layers in steps])}


def _flops(params: TrainingStepParams, layers: int, own: Own) -> float:
    """Of one GPU's step, without what is computed again."""
    job = case(params, layers, own.node).job
    return float(model_flops(job)) / float(job.cluster.gpus)
