"""The protocol of [li2026spend] with its laws: what a share of a pool's cost foretells of the runs kept back.

A task has groups that are fitted each by itself; a share of each group's whole cost is spent, and one R^2 is of the
kept runs of all groups, cut to [-1, 1]. A task's figure is the mean over its laws. -1 where nothing could be bought.

A plan takes, run by run, the one that lowers the law's own variance at the kept runs most for its cost to a power:
J_t C j' (v + j C j')^-1 j C J_t', for a run's slopes j, the targets' J_t, the covariance C of what the runs bought and
the prior say. Of the powers the one whose plan leaves least variance is bought from, a part of the spend at a time: a
plan is always for all that is left, since parts alone cannot pay the costly runs that tell most.

A run far from the kept ones counts less, in the fit and in the plan: what no law has right is less alike there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.solvers.laws.pools.form import ROLES, WRONG, Floats, Form, Told, say, told

SEEN, REPEATS = 0.9, 10
# Powers of the cost that are tried; the protocol's own is the middle one.
POWERS = (0.0, 0.4, 0.8)
# How much noisier a run counts, in e-folds, for each standard deviation of the pool's inputs that it is further from
# the kept runs: of NEARS the one that does best on the other tasks (`report near`), which is this for all but two.
NEAR, NEARS = 1.0, (0.0, 0.5, 1.0, 1.5)
# Parts of the spend after which the law is fitted anew.
PARTS = (0.35, 0.6, 0.8, 1.0)


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that one law is to describe: ln of inputs over the middle [K, I], losses [K, O], costs [K]; kept ones.

    far   how many standard deviations of the inputs each is further from the kept runs than the nearest is [K]
    """

    x: Floats
    losses: Floats
    cost: Floats
    kept_x: Floats
    kept: Floats
    middle: Floats
    far: Floats
    near: float = NEAR

    @property
    def weight(self) -> Floats:
        """How much each run counts [K]."""
        found: Floats = np.exp(-2.0 * self.near * self.far)
        return found


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


def group(
    inputs: Floats, losses: Floats, cost: Floats, kept: np.ndarray, *, counted: tuple[int, ...] = (), near: float = NEAR
) -> Group:
    """Runs with inputs [M, I]; `counted` inputs are counted from one and have no middle."""
    logs = np.log(np.maximum(inputs, 1e-12))
    middle = np.array([0.0 if n in counted else logs[~kept, n].mean() for n in range(logs.shape[1])])
    x = logs - middle
    return Group(x[~kept], losses[~kept], cost[~kept], x[kept], losses[kept], middle, _far(x[~kept], x[kept]), near)


def _far(x: Floats, kept: Floats) -> Floats:
    spread = x.std(axis=0)
    # An input that all runs of the pool share has no deviation: an e-fold stands for it.
    apart = (x[:, None] - kept) / np.where(spread > 0.0, spread, 1.0)
    nearest = np.sqrt((apart**2).sum(axis=-1)).min(axis=1)
    found: Floats = nearest - nearest.min()
    return found


def designed(of: Group, form: Form, *, spend: float, seed: int) -> list[int]:
    """Chosen by what each would tell, with losses seen of the chosen alone."""
    found: list[int] = []
    for part in PARTS:
        known = _believed(of, form, found, seed=seed)
        plans = (_plan(of, form, known, found, spend=spend, power=power) for power in POWERS)
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
    centre, width = np.array([ROLES[role] for role in form.roles]).T
    least = np.array([role == "F" for role in form.roles])
    return Told(np.where(least, 0.7, centre), np.diag(width**2), 3e-3**2, 1.0)


def _fitted(of: Group, form: Form, found: list[int], *, seed: int) -> Told:
    return told(form, of.x[found], of.losses[found], of.middle, weights=of.weight[found], seed=seed)


def _plan(of: Group, form: Form, known: Told, found: list[int], *, spend: float, power: float) -> Plan:
    """What else to buy for the rest of the spend."""
    outputs = form.outputs
    slopes = _slopes(form, known, of.x, of.middle).reshape(len(of.x), outputs, -1)
    targets, covariance = _slopes(form, known, of.kept_x, of.middle), known.covariance
    aims = targets.T @ targets / len(targets)
    noise = (known.variance + WRONG**2) / of.weight[:, None, None] * np.eye(outputs)
    runs: list[int] = []
    left = spend - of.cost[found].sum()
    while True:
        open_ = np.flatnonzero(of.cost <= left * (1 + 1e-12))
        open_ = open_[~np.isin(open_, [*found, *runs])]
        if not len(open_):
            return Plan(runs, float((aims * covariance).sum()))
        across = slopes[open_] @ covariance
        seen = across @ np.swapaxes(slopes[open_], 1, 2) + noise[open_]
        gain = np.einsum("koo->k", np.linalg.solve(seen, across @ aims @ np.swapaxes(across, 1, 2)))
        best = int(np.argmax(gain / of.cost[open_] ** power))
        covariance = covariance - across[best].T @ np.linalg.solve(seen[best], across[best])
        runs.append(int(open_[best]))
        left -= of.cost[open_[best]]


def _slopes(form: Form, known: Told, x: Floats, middle: Floats) -> Floats:
    return np.nan_to_num(say(form, known.theta[None], x, middle)[1][0], posinf=0.0, neginf=0.0)


def r_squared(of: Task, form: Form, chosen: list[list[int]], *, seed: int) -> float:
    """Of all kept runs, each group by its own fit."""
    if not any(chosen):
        return -1.0
    said, true = [], []
    for one, runs in zip(of.groups, chosen, strict=True):
        if not runs:
            continue
        known = _fitted(one, form, runs, seed=seed)
        said.append(known.unit * say(form, known.theta[None], one.kept_x, one.middle)[0][0])
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
    return replace(of, x=of.x[seen], losses=of.losses[seen], cost=of.cost[seen], far=of.far[seen])
