"""How many micro-batches each group of islands gets when their speeds differ; exact.

Symbols
    m_g micro-batches of each copy in group g, at least 1   d_g copies of the group   M micro-batches of the batch
    t_g(m) = fixed_g + each_g m seconds
Problem
    minimise max_g t_g(m_g)   so that   sum_g d_g m_g = M
Method
    Within T seconds group g can do c_g(T) micro-batches a copy. T rises from where the batch could be done if it were
    sand, by one micro-batch of one group at a time, until what is too many, sum_g d_g c_g(T) - M, can be taken back in
    whole micro-batches of copies.
"""

import numpy as np

from solvers.cost.layouts import Floats, Ints

ROUNDING = 1e-9


def shares(fixed: Floats, each: Floats, copies: Ints, *, total: int) -> Ints | None:
    """Micro-batches of each copy, by group; None where no whole numbers add up."""
    if total < copies.sum() or total % int(np.gcd.reduce(copies)):
        return None
    limit = (total + (copies * fixed / each).sum()) / (copies / each).sum()
    most = (total - copies.sum() + copies) // copies
    able = np.clip(np.floor((limit - fixed) / each * (1 + ROUNDING) + ROUNDING), 0, most).astype(np.int64)
    while True:
        excess = int((copies * able).sum()) - total
        if excess >= 0 and (able >= 1).all():
            back = _taken_back(excess, copies, able - 1)
            if back is not None:
                dealt: Ints = able - back
                return dealt
        if (able == most).all():
            return None
        following = np.where(able < most, fixed + each * (able + 1), np.inf)
        able[following <= following.min() * (1 + ROUNDING)] += 1


def _taken_back(excess: int, copies: Ints, most: Ints) -> Ints | None:
    """X with sum_g d_g x_g = excess and 0 <= x_g <= most_g; None without one. By the fewest micro-batches of each."""
    reached: dict[int, tuple[int, ...]] = {0: ()}
    for one, number in zip(copies, most, strict=True):
        steps = range(min(int(number), excess // int(one)) + 1)
        following: dict[int, tuple[int, ...]] = {}
        for sum_, taken in reached.items():
            for step in steps:
                if (now := sum_ + step * int(one)) <= excess:
                    following.setdefault(now, (*taken, step))
        reached = following
    return np.array(reached[excess]) if excess in reached else None
