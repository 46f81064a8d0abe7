"""Which runs a budget buys: the curve of interval against spend, the cheapest point that will do, and its order.

With runs to go by, designs are greedy with exchanges (solvers.laws.design.choose). Without any, a first ladder: an L of
cheap runs and anchors of high compute, judged by what families of runs teach (solvers.laws.design.belief). Such an L is
left whole: laws have to be fitted to it.
    chosen    the least spend that reaches the goal; without a goal, or where none does, the least that comes within
              NEAR of what the whole budget reaches. Runs that hardly matter to a design are left out
    order     at each step, of the runs that narrow the interval by a TENTH at least of what the best of them does, the
              one that narrows it most for what it costs beside those before it
Half-widths are of ln loss here. Designs are of the interval over all places of the target, for its best size is not
sure; what is told, and where to stop, is the `told` interval at the first place, which is the forecast's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from solvers.laws.design.candidates import more, total
from solvers.laws.design.choose import Question, exchanged, greedy
from solvers.laws.design.first import first

# Points of the curve, each spend a half of the next; halvings between two points of it to find where the goal is met.
POINTS, STEP, HALVINGS = 8, 0.5, 4
# An interval within this share of the narrowest is as good, and a run that narrows it by less than this share, beside
# all others, is left out: estimates of what nobody would pay for.
NEAR, IDLE = 0.02, 0.002
# A budget that narrows the interval by less than this share of itself is better not spent (estimate).
WORTH = 0.05
# A run that narrows the interval by less than this share of what another does is not made before it, however cheap.
TENTH = 0.1
# The powers of the cost that designs are greedy by.
POWERS = (1.0, 0.5, 0.0)


@dataclass(frozen=True)
class Point:
    """A design: its candidates, what they cost together, and the half-width after them."""

    chosen: tuple[int, ...]
    cost: float
    after: float


Buy = Callable[[float], Point]


def at_first(question: Question) -> Question:
    """The question of the target's first place alone."""
    return replace(question, target=question.target.first)


def designed(question: Question, *, most_runs: int) -> Buy:
    """Designs for a spend, where laws are known from runs."""
    told = at_first(question)

    def buy(spend: float) -> Point:
        sets = [greedy(question, spend=spend, power=power, most=most_runs) for power in POWERS]
        return _point(told, exchanged(question, min(sets, key=question.after), spend=spend, most=most_runs))

    return buy


def opened(question: Question, *, most_runs: int) -> Buy:
    """First ladders for a spend, where nothing is known."""
    told = at_first(question)

    def buy(spend: float) -> Point:
        return _point(told, first(question.candidates, question.target, spend=spend, runs=most_runs)[:most_runs])

    return buy


def curve(told: Question, buy: Buy, *, spend: float) -> list[Point]:
    """Designs of rising spends; none is worse than one that costs less."""
    found: list[Point] = []
    for share in STEP ** np.arange(POINTS - 1, -1, -1.0):
        point = buy(float(spend * share))
        if point.chosen and point.after < (found[-1].after if found else told.half_width):
            found.append(point)
    return found


def enough(buy: Buy, points: list[Point], *, goal: float | None) -> Point:
    """The cheapest point that reaches the goal, or else that is as good as the best."""
    best = points[-1].after
    if goal is None or best > goal:
        return next(one for one in points if one.after <= best * (1.0 + NEAR))
    place = next(n for n, one in enumerate(points) if one.after <= goal)
    found, low = points[place], points[place - 1].cost if place else 0.0
    high = found.cost
    for _ in range(HALVINGS):
        tried = buy((low + high) / 2.0)
        if tried.chosen and tried.after <= goal:
            found, high = tried, min(tried.cost, (low + high) / 2.0)
        else:
            low = (low + high) / 2.0
    return found


def without_idle(told: Question, point: Point, *, goal: float | None) -> Point:
    """The point without runs that the goal does not need; where it is not reached, without those that hardly matter."""
    kept, after = list(point.chosen), point.after
    limit = goal if goal is not None and after <= goal else after * (1.0 + IDLE)
    while len(kept) > 1:
        rests = [[one for one in kept if one != k] for k in kept]
        values = [told.after(rest) for rest in rests]
        least = int(np.argmin(values))
        if values[least] > limit:
            break
        kept, after = rests[least], values[least]
    return Point(tuple(kept), total(told.candidates, kept), after)


def ordered(told: Question, point: Point) -> tuple[int, ...]:
    """The runs in the order to make them."""
    left, made, now = list(point.chosen), list[int](), told.half_width
    while left:
        cost = more(told.candidates, made)
        values = [told.after([*made, k]) for k in left]
        gains = np.array([now - value for value in values])
        rates = np.where(gains >= TENTH * gains.max(), gains / cost[left], -np.inf)
        best = int(np.argmax(rates))
        made.append(left.pop(best))
        now = values[best]
    return tuple(made)


def _point(told: Question, chosen: tuple[int, ...]) -> Point:
    return Point(chosen, total(told.candidates, chosen), told.after(chosen))
