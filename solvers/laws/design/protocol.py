"""How well designs foretell costly runs that were kept back, beside as many runs taken at random for the same cost.

A pool of runs with costs, a law, and the costliest runs kept back. A selector spends a share of the pool's whole cost,
seeing losses only of what it has bought; the law is fitted to those and asked about the kept ones. R^2 is cut to
[-1, 1], -1 where the law cannot be fitted (the protocol of [li2026spend]).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solvers.errors import SpecError
from solvers.laws.design.belief import of_fit
from solvers.laws.design.candidates import Candidates, Target, total
from solvers.laws.design.choose import Question, chosen
from solvers.laws.design.first import first
from solvers.laws.fit import Fitted, fit
from solvers.laws.fit.priors import learned
from solvers.laws.law import Floats, Law, Runs
from solvers.laws.predict.mixture import WIDTHS

# Parts of the spend after which a design is made anew from what was bought.
PARTS = (0.35, 0.6, 0.8, 1.0)
# No law is quite right: a run that costs a tenth tells of the costly ones with 10^FAR times the noise. Chosen on the
# given Farseer and data-constrained runs.
FAR = 0.3
# Share of the pool that a repeat may choose from, so that repeats differ.
SEEN = 0.9


@dataclass(frozen=True, eq=False)
class Task:
    """A pool with the cost of each run [K], the runs kept back, and the law they are foretold by.

    leave   families or groups of runs that the law's prior may not be learned from
    """

    law: Law
    pool: Runs
    cost: Floats
    kept: Runs
    leave: tuple[str, ...] = ()

    @property
    def candidates(self) -> Candidates:
        """The pool as runs to choose from."""
        noise = (self.cost.max() / self.cost) ** FAR
        return Candidates({one.name: self.pool.inputs[one.name] for one in self.law.inputs}, self.cost, noise)

    @property
    def target(self) -> Target:
        """The kept runs, each counting alike."""
        share = np.full(len(self.kept), 1.0 / len(self.kept))
        return Target({one.name: self.kept.inputs[one.name] for one in self.law.inputs}, share)


Selector = Callable[..., tuple[int, ...]]


def task(law: Law, runs: Runs, cost: Floats, *, kept: float = 0.15, leave: tuple[str, ...] = ()) -> Task:
    """The costliest share of the runs is kept back; all of equal cost to the least of them too."""
    costly = cost >= np.quantile(cost, 1.0 - kept)
    return Task(law, runs.take(~costly), cost[~costly], runs.take(costly), leave)


def designed(of: Task, *, spend: float, seed: int) -> tuple[int, ...]:
    """First an L with anchors, then design, fit and design again as the spend goes on."""
    candidates, aim = of.candidates, of.target
    found = first(candidates, aim, spend=PARTS[0] * spend, runs=of.law.size + 3)
    for part in PARTS[1:]:
        fitted = fitted_to(of, found, seed=seed)
        if fitted is None:
            found = _more_of_all(candidates, found, spend=part * spend)
            continue
        question = Question(of_fit(fitted, candidates, aim), candidates, aim, made=found)
        left = part * spend - total(candidates, found)
        found = (*found, *chosen(question, spend=left, exchange=False).chosen)
    return found


def _more_of_all(candidates: Candidates, found: tuple[int, ...], *, spend: float) -> tuple[int, ...]:
    """The cheapest others that can be paid: where nothing can be fitted yet, any run is more than none."""
    left = spend - total(candidates, found)
    others = [int(k) for k in np.argsort(candidates.cost, kind="stable") if k not in found]
    paid = np.cumsum(candidates.cost[others]) <= left
    return (*found, *(k for k, yes in zip(others, paid, strict=True) if yes))


def at_random(of: Task, *, spend: float, seed: int) -> tuple[int, ...]:
    """Runs in a random order, each that the rest of the spend can pay."""
    left, found = spend, []
    for k in np.random.default_rng(seed).permutation(len(of.cost)):
        if of.cost[k] <= left:
            found.append(int(k))
            left -= of.cost[k]
    return tuple(found)


def score(of: Task, chosen: tuple[int, ...], *, seed: int = 0) -> float:
    """R^2 on the kept runs of the law fitted to the chosen ones."""
    fitted = fitted_to(of, chosen, seed=seed)
    if fitted is None:
        return -1.0
    said, loss = np.exp(fitted.log_loss(of.kept.inputs)[0]), of.kept.loss
    found = 1.0 - ((said - loss) ** 2).sum() / ((loss - loss.mean()) ** 2).sum()
    return float(np.clip(np.nan_to_num(found, nan=-1.0), -1.0, 1.0))


def fitted_to(of: Task, chosen: tuple[int, ...], *, seed: int) -> Fitted | None:
    """The law fitted to chosen runs of the pool; none where they are too few or too alike."""
    if not chosen:
        return None
    runs = of.pool.take(np.array(chosen))
    taught = learned(of.law.name, leave=of.leave)
    prior, scale = taught.prior(level=taught.level(runs), times=WIDTHS), taught.scale(runs.inputs)
    try:
        return fit(of.law, runs, prior=prior, scale=scale, seed=seed)
    except SpecError:
        return None


def scores(of: Task, selector: Selector, *, share: float, repeats: int = 10) -> NDArray[np.float64]:
    """R^2 of each repeat, spending `share` of the pool's cost; each sees its own SEEN of the pool."""
    spend = share * float(of.cost.sum())
    found = []
    for seed in range(repeats):
        seen = np.random.default_rng(1000 + seed).random(len(of.cost)) < SEEN
        part = replace(of, pool=of.pool.take(seen), cost=of.cost[seen])
        found.append(score(part, selector(part, spend=spend, seed=seed), seed=seed))
    return np.array(found)
