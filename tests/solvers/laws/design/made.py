"""How good the advice is: cases whose law is known, where what the advice promised is compared with what came.

A case is a law with coefficients drawn around what families of runs teach, a ladder of small runs with noise, dearer
runs that could be made, and a target beyond all. The advice spends some of the candidates' whole cost; the runs are
made (by the law, with noise), the law is fitted anew, and the half-width is taken from that fit. Runs in a random order
are made too, until their fit is as sure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from solvers.laws.design.belief import of_fit
from solvers.laws.design.candidates import Candidates, Target, target
from solvers.laws.design.choose import Question, chosen
from solvers.laws.fit import Fitted, fit
from solvers.laws.fit.priors import learned
from solvers.laws.law import Floats, Law, Runs, joined, normalised, reference_of
from solvers.laws.loss import get
from tests.solvers.laws.design.played import BEYOND, LEVEL, LOOKS, NOISES, SPENT, Played, dear_runs, known_runs

LAWS = ("chinchilla", "skaling")


@dataclass(frozen=True, eq=False)
class Case:
    """A law with its true theta [P], what is known, what could be run and what is to be foretold."""

    law: Law
    theta: Floats
    noise: float
    known: Runs
    candidates: Candidates
    target: Target
    seed: int


def case(seed: int) -> Case:
    """The case of this number."""
    rng = np.random.default_rng(seed)
    law, noise = get(LAWS[seed % len(LAWS)]), NOISES[seed % len(NOISES)]
    prior = learned(law.name).prior(level=LEVEL)
    theta = prior.centre + 0.5 * rng.standard_normal(law.size) / np.sqrt(prior.precision)
    dear = dear_runs()
    cost = dear["params"] * dear["tokens"]
    most = float(cost.max())
    aim = target(params=np.sqrt(BEYOND * most / 20.0), tokens=np.sqrt(BEYOND * most * 20.0))
    blank = Case(law, theta, noise, Runs({}, np.array([])), Candidates(dear, cost), aim, seed)
    return replace(blank, known=_run(blank, known_runs(), rng))


def played(of: Case) -> Played:
    """The advice followed, and random runs made until they are worth as much."""
    rng = np.random.default_rng(10_000 + of.seed)
    fitted = _fitted(of, of.known)
    question = Question(of_fit(fitted, of.candidates, of.target), of.candidates, of.target)
    whole = float(of.candidates.cost.sum())
    design = chosen(question, spend=SPENT * whole, most=12)
    after = _fitted(of, joined(of.known, _run(of, of.candidates.at(design.chosen), rng)))
    found = _half_width(of, after, like=question)
    told = _truth(of, of.target.inputs)[0]
    error = float(after.log_loss(of.target.inputs)[0][0] - told)
    random_spend = _random_spend(of, found, rng, question)
    return Played(of.law.name, design.before, design.after, found, design.cost, random_spend, error)


def _random_spend(of: Case, goal: float, rng: np.random.Generator, question: Question) -> float:
    """Cost of runs in a random order until the half-width is `goal`; of all of LOOKS where it is not reached."""
    order = rng.permutation(len(of.candidates))
    runs = _run(of, of.candidates.at([int(k) for k in order]), rng)
    cost = np.cumsum(of.candidates.cost[order])
    for count in LOOKS:
        if _half_width(of, _fitted(of, joined(of.known, runs.take(np.arange(count)))), like=question) <= goal:
            return float(cost[count - 1])
    return float(cost[LOOKS[-1] - 1])


def _half_width(of: Case, fitted: Fitted, *, like: Question) -> float:
    return float(like.doubt.reach * fitted.log_loss(of.target.inputs)[1][0])


def _fitted(of: Case, runs: Runs) -> Fitted:
    taught = learned(of.law.name)
    prior = taught.prior(level=taught.level(of.known))
    return fit(of.law, runs, prior=prior, scale=taught.scale(runs.inputs), starts=4)


def _run(of: Case, inputs: Mapping[str, Floats], rng: np.random.Generator) -> Runs:
    loss = _truth(of, inputs)
    return Runs(inputs, np.exp(loss + of.noise * rng.standard_normal(len(loss))))


def _truth(of: Case, inputs: Mapping[str, Floats]) -> Floats:
    """The ln loss of the law itself [M]."""
    found: Floats = of.law.log_loss(of.theta[None], normalised(of.law, inputs, reference_of(of.law)))[0][0]
    return found
