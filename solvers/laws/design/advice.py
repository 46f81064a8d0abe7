"""What to run next, what more spend would buy, and when to stop.

The curve is of the best sets for rising spends. A gain is worth its cost while the half-width falls by `least` or more
for each unit of cost; a goal is reached when the half-width is at or below it.
"""

from dataclasses import dataclass

import numpy as np

from solvers.laws.design.choose import Design, Question, chosen
from solvers.laws.design.gain import half_widths

# Points of the curve below the whole spend, each this share of the next.
POINTS, STEP = 8, 0.5


@dataclass(frozen=True)
class Next:
    """One candidate: its cost, and the half-width of ln loss before and after it."""

    candidate: int
    cost: float
    before: float
    after: float

    @property
    def rate(self) -> float:
        """What the half-width falls by for each unit of cost."""
        return (self.before - self.after) / self.cost


@dataclass(frozen=True)
class Stop:
    """Whether to stop, and why: `go_on`, `goal_reached`, `nothing_to_run` or `not_worth_it`."""

    code: str
    message: str

    @property
    def stop(self) -> bool:
        """Whether no more runs should be made."""
        return self.code != "go_on"


def ranked(question: Question) -> tuple[Next, ...]:
    """Every candidate alone, the one that takes most from the interval for its cost first."""
    before, after = question.half_width, half_widths(question.state, question.target, question.doubt)
    cost = question.candidates.cost
    order = np.lexsort((np.arange(len(cost)), -(before - after) / cost))
    left = (int(k) for k in order if k not in question.made)
    return tuple(Next(k, float(cost[k]), before, float(after[k])) for k in left)


def curve(question: Question, *, spend: float, most: int = 50) -> tuple[Design, ...]:
    """The best designs of rising spends up to `spend`; none is worse than one that costs less."""
    found: list[Design] = []
    for share in STEP ** np.arange(POINTS - 1, -1, -1.0):
        design = chosen(question, spend=float(spend * share), most=most)
        if design.chosen and (not found or design.after < found[-1].after):
            found.append(design)
    return tuple(found)


def stop(question: Question, *, goal: float | None = None, least: float | None = None, spend: float = np.inf) -> Stop:
    """Whether more runs are worth making: `goal` a half-width, `least` what it must fall by for a unit of cost."""
    now = question.half_width
    if goal is not None and now <= goal:
        return Stop("goal_reached", f"The interval is {percent(now)}, within the goal of {percent(goal)}.")
    paid = [one for one in ranked(question) if one.cost <= spend and one.after < one.before]
    if not paid:
        return Stop("nothing_to_run", "No run that can be paid would narrow the interval.")
    if least is not None and paid[0].rate < least:
        message = (
            f"The best run narrows the interval by {paid[0].rate:.2g} for each unit of cost, less than {least:.2g}."
        )
        return Stop("not_worth_it", message)
    return Stop("go_on", said(paid[0].before, paid[0].after, paid[0].cost, unit="units of cost"))


def said(before: float, after: float, cost: float, *, unit: str) -> str:
    """`interval 1.9 % -> 1.1 % for 40 GPU-hours`."""
    return f"interval {percent(before)} -> {percent(after)} for {cost:.3g} {unit}"


def percent(half_width: float) -> str:
    """A half-width of ln loss as people say it."""
    return f"{100.0 * np.expm1(half_width):.2g} %"
