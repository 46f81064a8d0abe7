"""What other families of runs teach of a target before any run was made: laws with their priors in place of fits.

The runs that are spoken of as known are the middle of a ladder that reaches up to the target from a hundredth of its
compute, at 20 tokens a parameter.
"""

import numpy as np

from solvers.laws.fit import Fitted
from solvers.laws.fit.noise import USUAL_SD, Student
from solvers.laws.fit.priors import learned
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN, Floats, Law, Runs, runs_of
from solvers.laws.loss import get
from solvers.laws.predict.expert import Expert
from solvers.laws.predict.mixture import Mixture
from solvers.laws.predict.optimum import USUAL_RATIO
from solvers.scaling.forecast.known import beliefs

# Compute of the target over that of the middle of a ladder to it: an estimate; ladders reach a tenth to a thousandth.
BELOW = 100.0
# What the ln of a loss is about; the best size does not depend on it.
LEVEL = 1.0


def believed(flops: float, laws: tuple[str, ...]) -> Mixture:
    """The laws as they are believed in around a target of FLOP of training."""
    middle = _middle(flops / BELOW)
    weights = beliefs(laws)
    experts = tuple(_expert(get(name), middle) for name in laws)
    return Mixture(experts, np.full(len(experts), np.nan), np.array([weights[name] for name in laws]), middle)


def _middle(flops: float) -> Runs:
    params = np.sqrt(flops / (FLOPS_PER_PARAMETER_TOKEN * USUAL_RATIO))
    return runs_of([float(np.exp(LEVEL))], params=[params], tokens=[USUAL_RATIO * params])


def _expert(law: Law, middle: Runs) -> Expert:
    """The law's prior as a fit to nothing, which leaves nothing out that is known."""
    taught = learned(law.name)
    prior = taught.prior(level=LEVEL)
    none: Floats = np.zeros(0)
    fitted = Fitted(
        law=law,
        scale=taught.scale(middle.inputs),
        theta=prior.centre,
        covariance=np.diag(1.0 / prior.precision),
        sd=USUAL_SD,
        objective=0.0,
        agree=1.0,
        gradient_norm=0.0,
        condition=1.0,
        residuals=none,
        weights=none,
        leverage=none,
        noise=Student(),
        prior=prior,
    )
    return Expert(fitted, np.zeros((0, 2)), none, np.zeros((0, 0)))
