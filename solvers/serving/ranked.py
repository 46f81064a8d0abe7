"""Plans that were tried at the traffic's rate, and how they compare."""

from dataclasses import dataclass

import numpy as np

from solvers.serving.candidate import Candidate
from solvers.serving.goodput import Edge
from solvers.serving.moves import layout_key
from solvers.serving.spec import ServingSpec
from solvers.serving.trial import Trial
from solvers.units import SHARE, show


@dataclass(frozen=True)
class Ranked:
    """A candidate that was tried at the traffic's rate."""

    candidate: Candidate
    capacity_per_s: float
    trial: Trial
    share: float
    edge: Edge | None = None

    @property
    def residence_s(self) -> float:
        """Seconds that a request stays, on average."""
        return float(np.mean([one.e2e_s.mean() for one in self.trial.seeds]))

    @property
    def goodput_per_s(self) -> float:
        """Its goodput where that was looked for, else the static model's guess."""
        return self.edge.rate_per_s if self.edge else self.capacity_per_s


@dataclass(frozen=True)
class Found:
    """Plans that carry the traffic, best first; those that were tried and do not."""

    ranked: tuple[Ranked, ...]
    missed: tuple[Ranked, ...]


def distinct(ranked: list[Ranked]) -> list[Ranked]:
    """The first of each layout."""
    found: dict[object, Ranked] = {}
    for one in ranked:
        found.setdefault(layout_key(one.candidate), one)
    return list(found.values())


def stretch(trial: Trial, spec: ServingSpec) -> float:
    """The largest ratio of a latency at the asked percentile to its limit."""
    ratios = []
    for name, limit in spec.slo.limits.items():
        seconds = np.concatenate([getattr(one, f"{name}_s") for one in trial.seeds])
        ratios.append(float(np.quantile(seconds, spec.slo.attainment)) / limit)
    return max(ratios)


def longer(chosen: Ranked, other: Ranked, spec: ServingSpec) -> str:
    """How much longer another plan's latencies are, by the one that is nearest its limit."""
    change = stretch(other.trial, spec) / stretch(chosen.trial, spec) - 1.0
    if abs(change) < 0.01:
        return "As short latencies"
    return f"{show(abs(change), SHARE)} {'longer' if change > 0 else 'shorter'} latencies"
