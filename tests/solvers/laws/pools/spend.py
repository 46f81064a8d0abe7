"""The protocol of [li2026spend] with its laws: what a share of a pool's cost foretells of the runs kept back.

A task has groups that are fitted each by itself; a share of each group's whole cost is spent, and one R^2 is of the
kept runs of all groups, cut to [-1, 1]. A task's figure is the mean over its laws. -1 where nothing could be bought.

A plan takes, run by run, the one that makes the law surest at the kept runs for its cost to a power (plan.py). Of the
powers the one whose plan leaves least variance is bought from, a part of the spend at a time: a plan is always for all
that is left, since parts alone cannot pay the costly runs that tell most. Fits and plans know alike that no law is
quite right.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.solvers.laws.pools.form import ROLES, WRONG, Floats, Form, Told, say, told
from tests.solvers.laws.pools.plan import bought, drift, gains, known

SEEN, REPEATS = 0.9, 10
# Powers of the cost that are tried; the protocol's own is the middle one.
POWERS = (0.0, 0.4, 0.8)
# How far runs are off a law one standard deviation of the pool's inputs away from the kept runs, over the noise of one
# run: of DRIFTS the one that does best on the other tasks (`report drift`).
DRIFT, DRIFTS = 4.0, (0.0, 1.0, 2.0, 4.0, 8.0)
# Parts of the spend after which the law is fitted anew.
PARTS = (0.35, 0.6, 0.8, 1.0)


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that one law is to describe: ln of inputs over the middle [K, I], losses [K, O], costs [K]; kept ones.

    wander   covariance of what a law leaves out of the runs, one at one standard deviation of the inputs [K, K]
    drift    how much of that there is
    """

    x: Floats
    losses: Floats
    cost: Floats
    kept_x: Floats
    kept: Floats
    middle: Floats
    wander: Floats
    drift: float = DRIFT

    @property
    def scatter(self) -> Floats:
        """Covariance of how the runs are off a law, over the variance of one run's noise [K, K]."""
        return np.eye(len(self.x)) + self.drift**2 * self.wander


@dataclass(frozen=True, eq=False)
class Task:
    """Groups, the forms that are fitted to them, and the shares of the cost that are spent."""

    name: str
    groups: tuple[Group, ...]
    forms: tuple[Form, ...]
    shares: tuple[float, float, float] = (0.01, 0.05, 0.1)


@dataclass(frozen=True)
class Plan:
    """Runs to buy, in their order, and the law's mean variance at the kept runs after all of them."""

    runs: list[int]
    variance: float


def group(inputs: Floats, losses: Floats, cost: Floats, kept: np.ndarray, *, counted: tuple[int, ...] = ()) -> Group:
    """Runs with inputs [M, I]; `counted` inputs are counted from one and have no middle."""
    logs = np.log(np.maximum(inputs, 1e-12))
    middle = np.array([0.0 if n in counted else logs[~kept, n].mean() for n in range(logs.shape[1])])
    x = logs - middle
    return Group(x[~kept], losses[~kept], cost[~kept], x[kept], losses[kept], middle, drift(x[~kept], x[kept]))


def designed(of: Group, form: Form, *, spend: float, seed: int) -> list[int]:
    """Chosen by what each would tell, with losses seen of the chosen alone."""
    found: list[int] = []
    for part in PARTS:
        law = _believed(of, form, found, seed=seed)
        plans = (_plan(of, form, law, found, spend=spend, power=power) for power in POWERS)
        for k in min(plans, key=lambda plan: plan.variance).runs:
            if of.cost[found].sum() >= part * spend:
                break
            found.append(k)
    return found


def at_random(of: Group, form: Form, *, spend: float, seed: int) -> list[int]:
    """In a random order, each that the rest of the spend can pay."""
    left, found = spend, []
    for k in np.random.default_rng(seed).permutation(len(of.cost)):
        if of.cost[k] <= left * (1 + 1e-12):
            found.append(int(k))
            left -= of.cost[k]
    return found


def _believed(of: Group, form: Form, found: list[int], *, seed: int) -> Told:
    if found:
        return _fitted(of, form, found, seed=seed)
    centre = np.array([ROLES[role][0] for role in form.roles])
    least = np.array([role == "F" for role in form.roles])
    return Told(np.where(least, 0.7, centre), 3e-3**2, 1.0)


def _fitted(of: Group, form: Form, found: list[int], *, seed: int) -> Told:
    scatter = of.scatter[np.ix_(found, found)]
    return told(form, of.x[found], of.losses[found], of.middle, scatter=scatter, seed=seed)


def _plan(of: Group, form: Form, law: Told, found: list[int], *, spend: float, power: float) -> Plan:
    """What else to buy for the rest of the spend."""
    targets = _slopes(form, law, of.kept_x, of.middle)
    aims = targets.T @ targets / len(targets)
    prior = np.diag([ROLES[role][1] ** 2 for role in form.roles])
    state = known(_slopes(form, law, of.x, of.middle), (law.variance + WRONG**2) * of.scatter, prior)
    for k in found:
        state = bought(state, k)
    runs: list[int] = []
    left = spend - of.cost[found].sum()
    while True:
        open_ = of.cost <= left * (1 + 1e-12)
        open_[[*found, *runs]] = False
        if not open_.any():
            return Plan(runs, float((aims * state.parameters).sum()))
        runs.append(int(np.argmax(np.where(open_, gains(state, aims) / of.cost**power, -np.inf))))
        state = bought(state, runs[-1])
        left -= of.cost[runs[-1]]


def _slopes(form: Form, law: Told, x: Floats, middle: Floats) -> Floats:
    return np.nan_to_num(say(form, law.theta[None], x, middle)[1][0], posinf=0.0, neginf=0.0)


def r_squared(of: Task, form: Form, chosen: list[list[int]], *, seed: int) -> float:
    """Of all kept runs, each group by its own fit."""
    if not any(chosen):
        return -1.0
    said, true = [], []
    for one, runs in zip(of.groups, chosen, strict=True):
        if not runs:
            continue
        law = _fitted(one, form, runs, seed=seed)
        said.append(law.unit * say(form, law.theta[None], one.kept_x, one.middle)[0][0])
        true.append(one.kept.ravel())
    off, loss = np.concatenate(said) - np.concatenate(true), np.concatenate(true)
    found = 1.0 - (off**2).sum() / ((loss - loss.mean()) ** 2).sum()
    return float(np.clip(np.nan_to_num(found, nan=-1.0), -1.0, 1.0))


def scores(of: Task, form: Form, selector, *, share: float, repeats: int = REPEATS) -> Iterator[float]:
    """R^2 of each repeat, which may choose from its own SEEN of each group."""
    for seed in range(repeats):
        parts = [_part(one, np.random.default_rng([seed, n])) for n, one in enumerate(of.groups)]
        spends = [share * float(one.cost.sum()) for one in of.groups]
        chosen = [selector(one, form, spend=spend, seed=seed) for one, spend in zip(parts, spends, strict=True)]
        yield r_squared(Task(of.name, tuple(parts), of.forms), form, chosen, seed=seed)


def whole(of: Task, form: Form) -> float:
    """R^2 of all runs."""
    return r_squared(of, form, [list(range(len(one.cost))) for one in of.groups], seed=0)


def _part(of: Group, rng: np.random.Generator) -> Group:
    seen = rng.random(len(of.cost)) < SEEN
    wander = of.wander[np.ix_(seen, seen)]
    return replace(of, x=of.x[seen], losses=of.losses[seen], cost=of.cost[seen], wander=wander)
