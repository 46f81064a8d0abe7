"""The ladder of small runs that makes the forecast of a target surer: which, in which order, at what price, until when.

With runs to go by, what several laws believe of the target is narrowed (solvers.laws.design); without any, a first
ladder is laid by what other families of runs teach.
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.documents import Document
from solvers.errors import Problem
from solvers.laws.design.belief import State, of_mixture, of_prior
from solvers.laws.design.candidates import Candidates, Target
from solvers.laws.design.choose import Question
from solvers.laws.law import flops_of
from solvers.laws.predict.interval import Doubt
from solvers.laws.predict.mixture import Mixture
from solvers.scaling.halves import of_log
from solvers.scaling.ladder import choosing
from solvers.scaling.ladder.choosing import Point
from solvers.scaling.ladder.family import Family
from solvers.scaling.ladder.grid import Grid, cheapest, grid, tells
from solvers.scaling.ladder.limits import limits
from solvers.scaling.ladder.price import Price
from solvers.scaling.ladder.rungs import Ladder, Tune, rungs, saving
from solvers.scaling.ladder.words import amount, next_sentence, stopped

MOST_RUNS = 12
# A spend below this share of another is said to be less (estimate).
LESS = 0.75
NOTHING_TELLS = Problem(
    "nothing_tells",
    "No run that is smaller than the target and repeats no data tells anything of it.",
    "/target",
    "Ask for a target of more tokens for each parameter, or with more unique tokens; or leave `budget` out.",
)


@dataclass(frozen=True)
class Budget:
    """What small runs may spend, in the price's unit; the half-width (a share) at which to stop; runs at most."""

    spend: float
    goal: float | None = None
    most_runs: int = MOST_RUNS


@dataclass(frozen=True, eq=False)
class Aim:
    """What is to be foretold, how doubt of it is told, and the tokens that differ (none: as many as wanted).

    Intervals that are told, and the goal, are of the target's first place.
    """

    target: Target
    doubt: Doubt
    unique: float | None = None


@dataclass(frozen=True)
class Unpaid:
    """No run can be paid: why, and the smallest budget that would pay one; none where no budget would."""

    problem: Problem
    smallest: float | None


@dataclass(frozen=True, eq=False)
class Case:
    """What is asked: the candidates and their pace, what is believed, the price, whether these are the first runs."""

    grid: Grid
    question: Question
    price: Price
    first: bool


def ladder(
    *,
    budget: Budget,
    mix: Mixture | None,
    aim: Aim,
    price: Price,
    tune: Tune,
    of: Family,
    counts: str,
    decay_share: float | None,
) -> Document | Unpaid:
    """Documents `ladder`, `next`, `curve` and `stop`. `decay_share` is there where the schedule lets runs branch."""
    target, within = aim.target, limits(aim.target, aim.unique, None if mix is None else mix.runs)
    tried = grid(of, counts, price, within, spend=budget.spend, decay_share=decay_share)
    if tried is None and not tells(of, counts, within):
        return Unpaid(NOTHING_TELLS, None)
    if tried is None:
        return _unpaid(cheapest(of, counts, price, within), budget, price)
    question = Question(_state(mix, tried.candidates, target), tried.candidates, target, aim.doubt)
    told = choosing.at_first(question)
    case = Case(tried, told, price, first=mix is None)
    if budget.goal is not None and of_log(told.half_width) <= budget.goal:
        return _document(None, [], case, stopped("goal_reached", told, price, goal=budget.goal))
    buy = (choosing.opened if mix is None else choosing.designed)(question, most_runs=budget.most_runs)
    points = choosing.curve(told, buy, spend=budget.spend)
    if not points:
        return _document(None, [], case, stopped("nothing_to_run", told, price))
    if points[-1].after > told.half_width * (1.0 - choosing.WORTH):
        return _document(None, points, case, stopped("nothing_gained", told, price, best=points[-1]))
    goal = None if budget.goal is None else float(np.arcsinh(budget.goal))
    point = choosing.enough(buy, points, goal=goal)
    if mix is not None:
        point = choosing.without_idle(told, point, goal=goal)
    found = Ladder(of, counts, tried, told, choosing.ordered(told, point), tune)
    why = stopped(_code(point, points, goal), told, price, goal=budget.goal, point=point, best=points[-1])
    return _document(found, points, case, why)


def _state(mix: Mixture | None, candidates: Candidates, target: Target) -> State:
    """What is believed; without runs, the compute beyond what is known counts from the cheapest run."""
    if mix is not None:
        return of_mixture(mix, candidates, target)
    flops, aim = flops_of(candidates.inputs), flops_of(target.inputs)
    least = float(flops.min())
    return replace(of_prior(candidates, target), beyond=np.log(aim / least), reached=np.log(flops / least))


def _code(point: Point, points: list[Point], goal: float | None) -> str:
    """Why no more than the point is advised."""
    if goal is not None:
        return "goal_in_reach" if point.after <= goal else "goal_out_of_reach"
    return "not_worth_it" if point.cost < LESS * points[-1].cost else "budget_spent"


def _document(found: Ladder | None, points: list[Point], case: Case, why: Document) -> Document:
    now, rows = of_log(case.question.half_width), rungs(found) if found else []
    hours = {name: _sum(rows, name) for name in ("gpu_hours", "gpu_hours_low", "gpu_hours_high")}
    usd, middle = case.price.usd_per_gpu_hour, hours["gpu_hours"]
    ladder_: Document = {
        "rungs": rows,
        **hours,
        "flops": float(sum(row["flops_priced"] for row in rows)),
        "usd": None if usd is None or middle is None else middle * usd,
        "before": now,
        "after": rows[-1]["after"] if rows else now,
        "tree_saving": saving(found) if found else 0.0,
        "throughput": case.price.throughput.document() if case.price.throughput else [],
        "how": "first" if case.first else "designed",
    }
    return {
        "ladder": ladder_,
        "next": _next(rows[0], case.price) if rows else None,
        "curve": [_spent(case, (), now), *(_spent(case, one.chosen, of_log(one.after)) for one in points)],
        "stop": why,
    }


def _next(row: Document, price: Price) -> Document:
    told = {name: row[name] for name in ("before", "after", "gpu_hours")}
    return {"rung": 0, **told, "flops": row["flops_priced"], "sentence": next_sentence(row, price)}


def _spent(case: Case, chosen: tuple[int, ...], half_width: float) -> Document:
    hours, flops = case.grid.spent(chosen)
    return {"gpu_hours": hours, "flops": flops, "half_width": half_width, "runs": len(chosen)}


def _sum(rows: list[Document], name: str) -> float | None:
    values = [row[name] for row in rows]
    return None if any(one is None for one in values) or not values else float(sum(values))


def _unpaid(smallest: float | None, budget: Budget, price: Price) -> Unpaid:
    if smallest is None:
        message = "No size of the family fits on the hardware."
        return Unpaid(Problem("nothing_fits", message, "/hardware", "Add nodes, or give a smaller model."), None)
    message = f"{amount(budget.spend, price)} pay no run that says anything of the target."
    hint = f"The cheapest takes {amount(smallest, price)}."
    at = "/budget/gpu_hours" if price.in_gpu_hours else "/budget/flops"
    return Unpaid(Problem("budget_too_small", message, at, hint), smallest)
