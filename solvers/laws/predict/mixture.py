"""Several laws asked together: each counts by what is believed of it, how it foretold, and how sure it is.

weight of law l at x   ~  belief_l  e_l^-TRUST  /  (1 + (sd_l(x) / SURE)^2),   0 where more parameters or tokens harm
e_l                    root mean square error of ln loss when l was fitted to the smaller of the runs and asked about
                       the larger ones, over several cuts (rolling origin [tashman2000out])
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.errors import SpecError
from solvers.laws.fit.fit import Fitted
from solvers.laws.law import Floats, Law, Prior, Runs, prior_of
from solvers.laws.loss import get
from solvers.laws.predict.expert import Expert, Said, ask, expert

# Belief before any run, power of the past errors, an error that is as good as none, and the sd at which a law counts
# half: chosen with the families left out in turn, as in expert.py.
BELIEF: Mapping[str, float] = {"skaling": 0.6, "farseer": 0.25, "chinchilla": 0.15}
TRUST, NONE, SURE = 1.0, 2e-3, 0.02
# Shares of the runs, in the order of compute, that a law is fitted to before it is asked about the others; by how much
# more compute those must have had; the fewest of either.
CUTS, BEYOND, FEWEST, FEWEST_ASKED = (0.4, 0.6, 0.8), 1.5, 8, 2

Beliefs = Mapping[str, Prior]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Experts, their past errors in ln loss (nan: no past), and the runs they know."""

    experts: tuple[Expert, ...]
    past: Floats
    belief: Floats
    runs: Runs

    @property
    def laws(self) -> tuple[str, ...]:
        """Names of the laws."""
        return tuple(one.fitted.law.name for one in self.experts)


@dataclass(frozen=True, eq=False)
class Told:
    """ln loss [Q] of the mixture, the weights [L, Q], and where its doubt comes from [Q], as sd of ln loss."""

    log_loss: Floats
    weights: Floats
    of_noise: Floats
    of_parameters: Floats
    of_process: Floats
    of_laws: Floats
    beyond: Floats


def mixture(runs: Runs, *, laws: Mapping[str, float] = BELIEF, beliefs: Beliefs | None = None, seed: int = 0) -> Mixture:
    """The laws fitted to the runs. BadRuns where none of them can be; one that cannot is left out."""
    names = _possible(runs, laws, beliefs, seed)
    experts = tuple(one for one in names.values())
    past = np.array([_past(get(name), runs, beliefs, seed) for name in names])
    return Mixture(experts, past, np.array([laws[name] for name in names]), runs)


def tell(mix: Mixture, inputs: Mapping[str, Any]) -> Told:
    """What the mixture says of runs with these inputs [Q]."""
    said = [ask(one, inputs) for one in mix.experts]
    weights = _weights(mix, said)
    values = np.array([one.log_loss for one in said])
    mean = np.where(weights > 0, weights * values, 0.0).sum(axis=0)
    return Told(
        log_loss=mean,
        weights=weights,
        of_noise=_mixed(weights, np.array([[one.fitted.sd] for one in mix.experts])),
        of_parameters=_mixed(weights, np.array([one.of_parameters for one in said])),
        of_process=_mixed(weights, np.array([one.of_process for one in said])),
        of_laws=_mixed(weights, values - mean),
        beyond=np.maximum(np.log(_flops(inputs) / mix.runs.flops.max()), 0.0),
    )


def _possible(runs: Runs, laws: Mapping[str, float], beliefs: Beliefs | None, seed: int) -> dict[str, Expert]:
    found: dict[str, Expert] = {}
    refused: SpecError | None = None
    for name in laws:
        try:
            found[name] = expert(get(name), runs, prior=_prior(get(name), runs, beliefs), seed=seed)
        except SpecError as error:
            refused = error
    if not found and refused is not None:
        raise refused
    return found


def _prior(law: Law, runs: Runs, beliefs: Beliefs | None) -> Prior | None:
    """The belief of the law, whose levels are above the runs' median log loss; None: the law's own."""
    if beliefs is None or law.name not in beliefs:
        return None
    level = float(np.median(np.log(runs.loss)))
    own = prior_of(law, level=level).centre - prior_of(law, level=0.0).centre
    return Prior(beliefs[law.name].centre + own, beliefs[law.name].precision)


def _past(law: Law, runs: Runs, beliefs: Beliefs | None, seed: int) -> float:
    """Root mean square error of ln loss over the cuts; nan where the runs allow none."""
    flops, squares = runs.flops, []
    for share in CUTS:
        cut = np.quantile(flops, share)
        known, asked = runs.take(flops < cut), runs.take(flops >= BEYOND * cut)
        if len(known) < max(FEWEST, law.size) or len(asked) < FEWEST_ASKED:
            continue
        try:
            said = ask(expert(law, known, prior=_prior(law, known, beliefs), seed=seed, starts=4), asked.inputs)
        except SpecError:
            continue
        squares.append(float(np.mean((said.log_loss - np.log(asked.loss)) ** 2)))
    return float(np.sqrt(np.mean(squares))) if squares else np.nan


def _weights(mix: Mixture, said: list[Said]) -> Floats:
    past = np.where(np.isnan(mix.past), np.nanmax(mix.past) if np.isfinite(mix.past).any() else 1.0, mix.past)
    trust = mix.belief * (past + NONE) ** -TRUST
    doubt = np.array([one.of_parameters for one in said])
    weights = trust[:, None] / (1.0 + (doubt / SURE) ** 2)
    sensible = np.array([one.sensible for one in said])
    weights = np.where(sensible.sum(axis=0) > 0, weights * sensible, weights)
    found: Floats = weights / weights.sum(axis=0)
    return found


def _mixed(weights: Floats, sd: Floats) -> Floats:
    found: Floats = np.sqrt(np.where(weights > 0, weights * sd**2, 0.0).sum(axis=0))
    return found


def _flops(inputs: Mapping[str, Any]) -> Floats:
    found: Floats = 6.0 * np.atleast_1d(inputs["params"]) * np.atleast_1d(inputs["tokens"])
    return found


def fits_of(mix: Mixture) -> tuple[Fitted, ...]:
    """The fitted laws."""
    return tuple(one.fitted for one in mix.experts)
