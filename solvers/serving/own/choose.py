"""Which jobs on an attached node teach most of a serving plan's steps, or of several plans', within device-seconds.

x = (z, u, w) as `posterior.py` has it, normal with covariance P; slopes are those of logarithms of seconds at its mean
    planned    a plan's prefill and decode by its engine [2]       slopes over z, u, and w where w is an engine's too;
               of n plans on one device each by root (n x its share)
    steps      rows of serving steps                               slopes over z, u, w; noise: one shape beside others
    products, copies, attention, launches                          slopes over u alone; noise: the formula's own
    covariance of all of them   S P S^T,   S their slopes
`solvers.calibration.own.gain` picks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.calibration.own.answer import answer, check_offered
from solvers.calibration.own.gain import Steps
from solvers.calibration.own.measured import Row
from solvers.calibration.own.offered import Attached, Bounds, Candidate, attached, check_same, no_step
from solvers.catalogue.hardware import Node
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.lookup import curves_of
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.recipes.serving_step import ServingStepParams
from solvers.serving import calibration
from solvers.serving.own.candidates import Asked, candidates
from solvers.serving.own.document import ServingOwn
from solvers.serving.own.learn import GRAPH, ran
from solvers.serving.own.micro import Observed, log_seconds, observed
from solvers.serving.own.planned import Planned, planned
from solvers.serving.own.posterior import STEP, State, along, seen, unlearned
from solvers.serving.own.steps import Ran
from solvers.serving.spec import ServingSpec

# How rows of a device are timed: a core's own time on one thread of a CPU, events otherwise.
CLOCKS = {"cpu": "core", "cuda": "events"}


@dataclass(frozen=True)
class Aim:
    """Steps of a plan that shall become surer, and their share of all that shall."""

    spec: ServingSpec
    plan: Planned
    share: float = 1.0


def experiments(spec: ServingSpec, result: Document, capability: Document, budget_s: float) -> Document:
    """The jobs, in the order in which they teach most; what is expected of them. SpecError: nothing can be chosen."""
    node = attached(capability)
    check_same(spec.hardware.node, node)
    _check_points(spec)
    return of_aims([Aim(spec, planned(spec, result))], node, budget_s)


def of_aims(aims: Sequence[Aim], node: Attached, budget_s: float) -> Document:
    """The jobs for plans whose GPU and calibration are the same, as `experiments` chooses them for one."""
    first = aims[0].spec
    bounds = Bounds(node, first.hardware.node.gpu, budget_s)
    state = _state(first, node)
    offered = _offered([(Open(state, aim.spec, node), aim.plan) for aim in aims], bounds)
    jobs = [one for _, one in offered]
    check_offered(jobs, budget_s)
    weights = np.sqrt([len(aims) * aim.share for aim in aims]).tolist()
    of_plans = [
        weight * Open(state, aim.spec, node).slopes(aim.plan) for weight, aim in zip(weights, aims, strict=True)
    ]
    known, parts = joint(state, np.vstack(of_plans), [open_to.rows(one) for open_to, one in offered])
    return answer(known, parts, jobs, bounds, _left_out(first, jobs))


def _offered(plans: Sequence[tuple["Open", Planned]], bounds: Bounds) -> list[tuple["Open", Candidate]]:
    """What could be measured of any of the plans, each once."""
    found: dict[object, tuple[Open, Candidate]] = {}
    for open_to, plan in plans:
        for one in candidates(Asked(plan, bounds)):
            found.setdefault((one.recipe, one.params), (open_to, one))
    return list(found.values())


def joint(state: State, of_plans: Floats, rows: Sequence[tuple[Floats, Floats]]) -> tuple[Steps, list[Ints]]:
    """Plans' steps (slopes [n, d]) with all `rows` that candidates measure, and which rows are whose."""
    ends = np.cumsum([0, *(len(noise) for _, noise in rows)])
    whole = np.vstack([of_plans, *(slopes for slopes, _ in rows)])
    noise = np.concatenate([np.zeros(0), *(noise for _, noise in rows)])
    parts = [np.arange(start, end) for start, end in pairwise(ends.tolist())]
    return Steps(whole @ state.covariance @ whole.T, noise**2, len(of_plans)), parts


def _check_points(spec: ServingSpec) -> None:
    if spec.measurements:
        said = "Points of `measurements` are learned from without an own calibration, which is what a node's jobs make."
        raise SpecError(Problem("contradiction", said, "/measurements", "Leave them out to try the plan on a node."))


def _state(spec: ServingSpec, node: Attached) -> State:
    """What is known, with the device's own numbers as open as they are before anything is measured."""
    if isinstance(spec.calibration, ServingOwn):
        return calibration.state(spec.calibration)
    return unlearned(calibration.belief(spec.calibration), spec.hardware.node, node.device)


def _left_out(spec: ServingSpec, offered: Sequence[Candidate]) -> list[str]:
    if any(one.recipe == "serving_step" for one in offered):
        return []
    return [no_step(spec.model)]


@dataclass(frozen=True)
class Open:
    """What is open of a spec's device: how the plan's steps and a node's rows would move with it."""

    state: State
    spec: ServingSpec
    node: Attached

    @property
    def record(self) -> Node:
        """The spec's node."""
        return self.spec.hardware.node

    def slopes(self, plan: Planned) -> Floats:
        """Of the plan's two steps [2, d], as its engine runs them."""
        return along(plan.log_seconds, self.state.of_plans, self.state.mean)[1]

    def runs(self, one: Candidate) -> list[Ran]:
        """What a candidate of serving steps runs; on a GPU as one graph."""
        clock = GRAPH if self.node.device == "cuda" else CLOCKS["cpu"]
        return [ran(one.params, {**key, "clock": clock}) for key in one.rows()]

    def rows(self, one: Candidate) -> tuple[Floats, Floats]:
        """Slopes [n, d] of what it measures, and the standard deviations [n] of the logarithms."""
        if isinstance(one.params, ServingStepParams):
            runs = self.runs(one)
            _, slopes = seen(self.state, self.state.mean, runs, self.record)
            return slopes, np.full(len(runs), calibration.belief("published").alone)
        clock = CLOCKS[self.node.device]
        rows = [Row("", one.recipe, place, {**key, "clock": clock}, {}, 0.0) for place, key in enumerate(one.rows())]
        found = [known for row in rows if (known := observed(row)) is not None]
        return self._micro(found), np.array([row.deviation for row in found])

    def _micro(self, found: Sequence[Observed]) -> Floats:
        state, own = self.state, self.state.published
        slopes = np.zeros((len(found), len(state.mean)))
        point, numbers = state.mean[own:], len(state.device.names)
        points = [point, *(point + STEP * np.eye(len(point))[:numbers])]
        here, *there = [self._log_seconds(found, one) for one in points]
        for place, moved in enumerate(there):
            slopes[:, own + place] = (moved - here) / STEP
        return slopes

    def _log_seconds(self, found: Sequence[Observed], point: Floats) -> Floats:
        return log_seconds(
            found,
            self.state.device.at(point),
            gpu=self.record.gpu,
            curves=curves_of(ServingJob(self.spec.model, self.record)),
            coefficients=calibration.coefficients("published"),
        )
