"""Advice of the whole mixture, as the product gives it, against what came of it: made runs and real ones.

made    the truth is a law that the mixture does not have, with coefficients drawn around what families teach of it
real    runs of a family that was left out of the priors: the smaller are known, some are bought, the largest is told
In both the advised runs are made, all laws are fitted anew, and the half-width found is that of the new forecast, with
the doubt that ships. Runs in a random order are made too, until their forecast is as sure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.laws.design.belief import of_mixture
from solvers.laws.design.candidates import Candidates, Target, target, total
from solvers.laws.design.choose import Question
from solvers.laws.fit.priors import learned
from solvers.laws.law import Floats, Runs, joined, normalised, reference_of
from solvers.laws.loss import get
from solvers.laws.predict.interval import columns, scale
from solvers.laws.predict.mixture import BELIEF, Mixture, mixture, tell
from solvers.laws.predict.shipped import shipped
from solvers.scaling.ladder.choosing import designed
from tests.solvers.laws.design.played import BEYOND, LEVEL, LOOKS, NOISES, SPENT, Played, dear_runs, known_runs
from tests.solvers.laws.families import FAMILIES

TRUTHS = ("chinchilla", "skaling", "farseer")
# Real families: the share of the runs, by compute, that is known; the candidates' share of the target's compute at
# most; the share of the candidates' whole cost that is spent; runs needed of each.
KNOWN, CHEAPER, SPENT_REAL, FEWEST, FEWEST_CANDIDATES = (0.3, 0.45, 0.6), 0.5, 0.3, 12, 6
# How many of the largest runs are told, one after the other.
TOLD = 3
MOST_RUNS = 12


@dataclass(frozen=True, eq=False)
class Case:
    """What is known, what could be run, what is to be told and how that came out (ln loss); `make` makes runs."""

    name: str
    known: Runs
    candidates: Candidates
    aim: Target
    truth: float
    spend: float
    laws: dict[str, float]
    leave: tuple[str, ...]
    make: Callable[[Sequence[int]], Runs]
    seed: int


def made(seed: int) -> Case:
    """A case whose true law is left out of the mixture."""
    rng = np.random.default_rng(seed)
    name, noise = TRUTHS[seed % len(TRUTHS)], NOISES[(seed // len(TRUTHS)) % len(NOISES)]
    law, prior = get(name), learned(name).prior(level=LEVEL)
    theta = prior.centre + 0.5 * rng.standard_normal(law.size) / np.sqrt(prior.precision)

    def told(inputs: dict[str, Floats]) -> Floats:
        found: Floats = law.log_loss(theta[None], normalised(law, inputs, reference_of(law)))[0][0]
        return found

    def runs(inputs: dict[str, Floats], of: np.random.Generator) -> Runs:
        values = told(inputs)
        return Runs(inputs, np.exp(values + noise * of.standard_normal(len(values))))

    small, dear = known_runs(), dear_runs()
    cost = dear["params"] * dear["tokens"]
    most = BEYOND * float(cost.max())
    aim = target(params=np.sqrt(most / 20.0), tokens=np.sqrt(most * 20.0))
    losses = runs(dear, np.random.default_rng(10_000 + seed))
    return Case(
        name,
        runs(small, rng),
        Candidates(dear, cost),
        aim,
        float(told(dict(aim.inputs))[0]),
        SPENT * float(cost.sum()),
        {other: belief for other, belief in BELIEF.items() if other != name},
        (),
        lambda chosen: losses.take(np.array(chosen, dtype=np.int64)),
        seed,
    )


def real() -> Iterator[Case]:
    """Cases of every given family that is large enough."""
    for number, (name, (group, load)) in enumerate(FAMILIES.items()):
        runs = load()
        order = np.argsort(runs.flops, kind="stable")
        for share in KNOWN:
            known = runs.take(runs.flops <= np.quantile(runs.flops, share))
            for told in order[-TOLD:]:
                pool = (runs.flops > known.flops.max()) & (runs.flops <= CHEAPER * runs.flops[told])
                if len(known) >= FEWEST and int(pool.sum()) >= FEWEST_CANDIDATES:
                    yield _real(name, group, known, runs.take(pool), runs.take(np.array([told])), seed=number)


def _real(name: str, group: str, known: Runs, pool: Runs, told: Runs, *, seed: int) -> Case:
    cost = pool.flops / 1e18
    candidates = Candidates({one: pool.inputs[one] for one in ("params", "tokens")}, cost)
    aim = target(params=told.inputs["params"], tokens=told.inputs["tokens"])
    truth, spend = float(np.log(told.loss[0])), max(SPENT_REAL * float(cost.sum()), float(cost.min()))
    return Case(
        name, known, candidates, aim, truth, spend, dict(BELIEF), (group,),
        lambda chosen: pool.take(np.array(chosen, dtype=np.int64)), seed,
    )  # fmt: skip


def played(of: Case) -> Played:
    """The advice followed, and random runs made until they are worth as much."""
    mix = mixture(of.known, laws=of.laws, leave=of.leave)
    question = Question(of_mixture(mix, of.candidates, of.aim), of.candidates, of.aim, shipped())
    point = designed(question, most_runs=MOST_RUNS)(of.spend)
    after = _after(of, point.chosen)
    found = half_width(after, of.aim)
    error = float(tell(after, of.aim.inputs).log_loss[0]) - of.truth
    return Played(of.name, question.half_width, point.after, found, point.cost, _at_random(of, found), error)


def half_width(mix: Mixture, aim: Target) -> float:
    """Of ln loss, as the product tells it."""
    doubt = shipped()
    return doubt.reach * float(scale(np.array(doubt.parts), columns(tell(mix, aim.inputs)))[0])


def _after(of: Case, chosen: Sequence[int]) -> Mixture:
    return mixture(joined(of.known, of.make(chosen)), laws=of.laws, leave=of.leave)


def _at_random(of: Case, goal: float) -> float:
    """Cost of runs in a random order until the half-width is `goal`, by halving LOOKS; of all where it never is."""
    order = [int(k) for k in np.random.default_rng(20_000 + of.seed).permutation(len(of.candidates))]
    looks = [count for count in LOOKS if count < len(order)] + [len(order)]
    low, high = 0, len(looks) - 1
    while low < high:
        middle = (low + high) // 2
        reached = half_width(_after(of, order[: looks[middle]]), of.aim) <= goal * (1.0 + 1e-9)
        low, high = (low, middle) if reached else (middle + 1, high)
    return total(of.candidates, order[: looks[low]])
