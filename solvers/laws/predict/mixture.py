"""Several laws asked together: each counts by how it describes the runs, how it foretold them, and how sure it is.

weight of law l at x   ~  belief_l  Z_l^TEMPER  e_l^-TRUST  /  (1 + (sd_l(x) / SURE)^2),   0 where more is harmful
Z_l                    how likely the law makes the runs, its parameters integrated out; tempered, for no law is right
                       [grunwald2012safe]
e_l                    root mean square error of ln loss when l was fitted to the smaller of the runs and asked about
                       the larger ones, over several cuts (rolling origin [tashman2000out])
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.errors import SpecError
from solvers.laws.fit.checks import check
from solvers.laws.fit.priors import learned
from solvers.laws.kinds import KINDS
from solvers.laws.kinds.compound import taught
from solvers.laws.kinds.effect import Effect
from solvers.laws.law import Floats, Law, Runs, flops_of
from solvers.laws.loss import get
from solvers.laws.predict.expert import Expert, Said, ask, expert, left_out
from solvers.laws.predict.repeats import PUBLISHED, Repeats

# Laws of which nothing is known beforehand count alike.
BELIEF: Mapping[str, float] = {"skaling": 1 / 3, "farseer": 1 / 3, "chinchilla": 1 / 3}
# Powers of the evidence and of the past errors, an error that is as good as none, and the sd at which a law counts
# half: chosen with the families left out in turn, as in expert.py.
TEMPER, TRUST, NONE, SURE = 0.3, 0.5, 2e-3, 0.05
# The widths of priors that other families teach hold the doubt of there being few; so many times as wide they foretell
# left-out families best.
WIDTHS = 0.5
# Shares of the runs, in the order of compute, that a law is fitted to before it is asked about the others; by how much
# more compute those must have had; the fewest of either.
CUTS, BEYOND, FEWEST, FEWEST_ASKED = (0.4, 0.6, 0.8), 1.5, 8, 2


@dataclass(frozen=True, eq=False)
class Mixture:
    """Experts, their past errors in ln loss (nan: no past), the runs they know, and what repeated tokens are worth."""

    experts: tuple[Expert, ...]
    past: Floats
    belief: Floats
    runs: Runs
    repeats: Repeats = PUBLISHED

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


def mixture(
    runs: Runs,
    *,
    laws: Mapping[str, float] = BELIEF,
    kinds: Collection[str] = (),
    leave: Collection[str] = (),
    seed: int = 0,
) -> Mixture:
    """The laws fitted to the runs, by what families other than `leave` teach of them.

    Laws see `kinds` (solvers.laws.kinds) of the runs besides N and D. A law that cannot be fitted is left out; BadRuns
    where none can be.
    """
    experts = _possible(runs, laws, leave, kinds, seed)
    past = np.array([_past(get(name), runs, leave, kinds, seed) for name in experts])
    return Mixture(tuple(experts.values()), past, np.array([laws[name] for name in experts]), runs)


def tell(mix: Mixture, inputs: Mapping[str, Any]) -> Told:
    """What the mixture says of runs with these inputs [Q]."""
    said = [ask(one, inputs) for one in mix.experts]
    weights, mean = _together(mix, said)
    values = np.array([one.log_loss for one in said])
    return Told(
        log_loss=mean,
        weights=weights,
        of_noise=_mixed(weights, np.array([[one.fitted.sd] for one in mix.experts])),
        of_parameters=_mixed(weights, np.array([one.of_parameters for one in said])),
        of_process=_mixed(weights, np.array([left_out(one, inputs) for one in mix.experts])),
        of_laws=_mixed(weights, values - mean),
        beyond=np.maximum(np.log(flops_of(inputs) / mix.runs.flops.max()), 0.0),
    )


def likely(mix: Mixture, inputs: Mapping[str, Any]) -> Floats:
    """Ln loss [Q] of the mixture alone, for very many places."""
    return _together(mix, [ask(one, inputs) for one in mix.experts])[1]


def _together(mix: Mixture, said: list[Said]) -> tuple[Floats, Floats]:
    """The weights [L, Q], and the mean of ln loss by them [Q]."""
    weights, values = _weights(mix, said), np.array([one.log_loss for one in said])
    return weights, np.where(weights > 0, weights * values, 0.0).sum(axis=0)


def _possible(
    runs: Runs, laws: Mapping[str, float], leave: Collection[str], kinds: Collection[str], seed: int
) -> dict[str, Expert]:
    found: dict[str, Expert] = {}
    refused: SpecError | None = None
    for name in laws:
        try:
            found[name] = expert_of(get(name), runs, leave, kinds=kinds, seed=seed)
        except SpecError as error:
            refused = error
    if not found and refused is not None:
        raise refused
    return found


def expert_of(
    law: Law,
    runs: Runs,
    leave: Collection[str],
    *,
    kinds: Collection[str] = (),
    further: Sequence[Effect] = (),
    seed: int,
    starts: int = 8,
) -> Expert:
    """The law as an expert, with the effects of `kinds` and `further` ones on what it sees. BadRuns where it cannot."""
    check(law, runs)
    known = taught(learned(law.name, leave=leave), (*_effects(law, kinds), *further), times=WIDTHS)
    prior = known.prior(level=known.level(runs), times=WIDTHS)
    return expert(known.law, runs, prior=prior, scale=known.scale(runs.inputs), seed=seed, starts=starts)


def _effects(law: Law, kinds: Collection[str]) -> tuple[Effect, ...]:
    """Effects of the kinds that the law does not see itself."""
    seen = {one.name for one in law.inputs}
    return tuple(KINDS[name] for name in kinds if name not in seen and KINDS[name].acts_on in seen)


def _past(law: Law, runs: Runs, leave: Collection[str], kinds: Collection[str], seed: int) -> float:
    """Root mean square error of ln loss over the cuts; nan where the runs allow none."""
    flops, squares = runs.flops, []
    for share in CUTS:
        cut = np.quantile(flops, share)
        known, asked = runs.take(flops < cut), runs.take(flops >= BEYOND * cut)
        if len(known) < max(FEWEST, law.size) or len(asked) < FEWEST_ASKED:
            continue
        try:
            said = ask(expert_of(law, known, leave, kinds=kinds, seed=seed, starts=4), asked.inputs)
        except SpecError:
            continue
        squares.append(float(np.mean((said.log_loss - np.log(asked.loss)) ** 2)))
    return float(np.sqrt(np.mean(squares))) if squares else np.nan


def _weights(mix: Mixture, said: list[Said]) -> Floats:
    past = np.where(np.isnan(mix.past), np.nanmax(mix.past) if np.isfinite(mix.past).any() else 1.0, mix.past)
    evidence = np.array([one.fitted.evidence for one in mix.experts])
    trust = mix.belief * np.exp(TEMPER * (evidence - evidence.max())) * (past + NONE) ** -TRUST
    doubt = np.array([one.of_parameters for one in said])
    weights = trust[:, None] / (1.0 + (doubt / SURE) ** 2)
    sensible = np.array([one.sensible for one in said])
    weights = np.where(sensible.sum(axis=0) > 0, weights * sensible, weights)
    found: Floats = weights / weights.sum(axis=0)
    return found


def _mixed(weights: Floats, sd: Floats) -> Floats:
    found: Floats = np.sqrt(np.where(weights > 0, weights * sd**2, 0.0).sum(axis=0))
    return found
