"""The runs to make for a spend: greedy by what each takes from the doubt for its cost, then exchanges.

A greedy step takes the candidate with the largest (s^2 - s_k^2) / cost^power that the rest of the spend can pay. No
power is best for all spends (1 begins with the cheap, 0 with the large), so several are tried and the best set is kept.
Then, while it helps, one run of the set is dropped and the best others that can be paid take its place (Fedorov's
exchange [fedorov1972theory], under a spend).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.laws.design.belief import State, with_runs
from solvers.laws.design.candidates import Candidates, Target, more, total
from solvers.laws.design.gain import PLAIN, half_width, half_width_with, half_widths
from solvers.laws.law import Floats
from solvers.laws.predict.interval import Doubt

# Powers of the cost that are tried, and rounds of exchanges at most.
POWERS, ROUNDS = (1.0, 0.6, 0.3), 3
# A gain of less than this share of the doubt is none.
NOTHING = 1e-9
# A cost that passes the spend by no more than rounding is paid.
PAID = 1.0 + 1e-9


@dataclass(frozen=True, eq=False)
class Question:
    """What is believed, what could be run, what is to be foretold, how doubt is told; candidates `made` are known."""

    state: State
    candidates: Candidates
    target: Target
    doubt: Doubt = PLAIN
    made: tuple[int, ...] = ()

    @property
    def half_width(self) -> float:
        """Of ln loss at the target, now."""
        return half_width(self.state, self.target, self.doubt)

    def after(self, chosen: Sequence[int]) -> float:
        """The half-width expected after runs of the chosen candidates."""
        return half_width_with(self.state, self.target, self.doubt, chosen)


@dataclass(frozen=True)
class Design:
    """Candidates in the order to run them, what they cost together, and the half-width before and after."""

    chosen: tuple[int, ...]
    cost: float
    before: float
    after: float


def chosen(question: Question, *, spend: float, most: int = 50, exchange: bool = True) -> Design:
    """The best set of at most `most` runs that was found for the spend."""
    sets = [greedy(question, spend=spend, power=power, most=most) for power in POWERS]
    best = min(sets, key=question.after)
    if exchange:
        best = exchanged(question, best, spend=spend, most=most)
    ordered = tuple(sorted(best, key=lambda k: (question.candidates.cost[k], k)))
    return Design(ordered, total(question.candidates, ordered), question.half_width, question.after(ordered))


def greedy(
    question: Question, *, spend: float, power: float = 1.0, most: int = 50, begun: Sequence[int] = ()
) -> tuple[int, ...]:
    """Candidates one by one, after those `begun` with, until nothing more can be paid or helps."""
    found = list(begun)
    state = with_runs(question.state, found)
    while len(found) < most:
        costs = more(question.candidates, found)
        open_ = costs <= spend * PAID - total(question.candidates, found)
        open_[[*found, *question.made]] = False
        gain = _gains(state, question)
        if not (open_ & (gain > 0.0)).any():
            break
        k = int(np.argmax(np.where(open_, gain / costs**power, -np.inf)))
        state = with_runs(state, (k,))
        found.append(k)
    return tuple(found)


def exchanged(question: Question, begun: Sequence[int], *, spend: float, most: int = 50) -> tuple[int, ...]:
    """The set after exchanges; never worse."""
    best, value = tuple(begun), question.after(begun)
    for _ in range(ROUNDS):
        before = value
        for k in best:
            rest = [one for one in best if one != k]
            tried = _replaced(question, rest, spend=spend, most=most)
            found = question.after(tried)
            if found < value * (1.0 - NOTHING):
                best, value = tried, found
        if value >= before * (1.0 - NOTHING):
            break
    return best


def _replaced(question: Question, rest: list[int], *, spend: float, most: int) -> tuple[int, ...]:
    """The rest with the one best other run, whatever it costs, and then what else can be paid."""
    one = greedy(question, spend=spend, power=0.0, most=min(len(rest) + 1, most), begun=rest)
    return greedy(question, spend=spend, power=POWERS[1], most=most, begun=one)


def _gains(state: State, question: Question) -> Floats:
    """What each candidate takes from the doubt [K]; nothing where it is less than can be told."""
    now = half_width(state, question.target, question.doubt) ** 2
    gain = now - half_widths(state, question.target, question.doubt) ** 2
    found: Floats = np.where(gain > NOTHING * now, gain, 0.0)
    return found
