"""What a ladder says in sentences: the next run, and when to stop."""

from solvers.documents import Document
from solvers.laws.design.choose import Question
from solvers.scaling.halves import of_log, said
from solvers.scaling.ladder.choosing import NEAR, WORTH, Point
from solvers.scaling.ladder.price import Price
from solvers.scaling.words import flops

# What no run takes away is said where it is at least this share of the interval (estimate: most of it).
MOST = 0.5


def amount(cost: float, price: Price) -> str:
    """A spend with its unit."""
    if not price.in_gpu_hours:
        return flops(cost)
    return f"{cost:,.0f} GPU-hours" if cost >= 100.0 else f"{cost:.2g} GPU-hours"


def next_sentence(row: Document, price: Price) -> str:
    """`interval 1.9 % -> 1.1 % for 40 GPU-hours`."""
    cost = row["gpu_hours"] if price.in_gpu_hours else row["flops_priced"]
    return f"interval {said(row['before'])} -> {said(row['after'])} for {amount(cost, price)}"


def stopped(
    code: str,
    question: Question,
    price: Price,
    *,
    goal: float | None = None,
    point: Point | None = None,
    best: Point | None = None,
) -> Document:
    """When to stop, and why there: the stop rule with its sentence."""
    now = said(of_log(question.half_width))
    after, spent = (said(of_log(point.after)), amount(point.cost, price)) if point else (now, "")
    widest, whole = (said(of_log(best.after)), amount(best.cost, price)) if best else (now, "")
    wanted = said(goal) if goal is not None else ""
    words = {
        "goal_reached": f"The interval is {now}, within the goal of {wanted}: no more runs are needed.",
        "nothing_to_run": "No run that the budget can pay would narrow the interval.",
        "nothing_gained": f"Spending {whole} would narrow the interval of {now} by less than {100.0 * WORTH:.2g} % of"
        " itself.",
        "goal_in_reach": f"Stop when the interval is within {wanted}: these runs bring it to {after} for {spent}.",
        "goal_out_of_reach": f"The goal of {wanted} is out of reach: the whole budget brings the interval to {widest}.",
        "not_worth_it": f"Stop after {spent}: spending {whole} would narrow the interval of {after} by less than"
        f" {100.0 * NEAR:.2g} % of itself.",
        "budget_spent": f"These runs spend {spent} and bring the interval to {after}.",
    }
    return {"code": code, "message": words[code] + _floor(question, best)}


def _floor(question: Question, best: Point | None) -> str:
    """What is left of the interval whatever is run, where that is most of it."""
    floor, least = question.target.remains, best.after if best else question.half_width
    if floor < MOST * least:
        return ""
    return f" No small run brings it below {said(of_log(floor))}: so little is known of what repeated tokens are worth."
