"""What the search's shortlist left out of the screen's candidates, looked at until it is decided.

A candidate is out when its ceiling (`ceiling`) is below what it has to do, which is proven, or when it misses in a
simulation of it. Simulations are short first, and longer for what is not clearly out. More replicas of one setup never
do less, so of each setup only the most that may be used are tried.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from solvers.serving.candidate import Candidate
from solvers.serving.moves import NONE, Held, layout_key
from solvers.serving.ranked import Ranked
from solvers.serving.screen import Scored

if TYPE_CHECKING:
    from solvers.serving.search import Keep, Search

# Simulations of one sweep; requests of a first look, and how far below the target it has to be to decide.
MOST_TRIED, FIRST_LOOK, CLEARLY = 800, 300, 0.1


@dataclass
class Swept:
    """Plans that hold; how many were simulated, and how many were not decided."""

    held: list[tuple[Scored, Ranked]] = field(default_factory=list)
    missed: list[Ranked] = field(default_factory=list)
    tried: int = 0
    undecided: int = 0


def within(scored: Scored, most_gpus: int, *, but: Held = NONE) -> Iterator[Candidate]:
    """The candidate with as many replicas as `most_gpus` allow: of two groups each way to share them.

    Those of the roles `but` stay as many as they are.
    """
    groups = scored.candidate.groups
    given = [group.replicas if group.role in but else None for group in groups]
    if len(groups) == 1:
        every: list[tuple[int, ...]] = [(given[0] or most_gpus // groups[0].setup.gpus,)]
    else:
        one, other = (group.setup.gpus for group in groups)
        ahead = [given[0]] if given[0] else range(max((most_gpus - other) // one, 0), 0, -1)
        every = [(number, given[1] or (most_gpus - number * one) // other) for number in ahead]
    last = 0
    for numbers in every:
        candidate = scored.candidate.with_replicas(*numbers)
        if numbers[-1] > last and numbers[0] and candidate.gpus <= most_gpus:
            last = numbers[-1]
            yield candidate


def fewer_gpus(search: "Search", keep: "Keep", *, most_gpus: int) -> Swept:
    """Plans on at most `most_gpus` GPUs that carry the traffic: those with the fewest of them, one of each layout."""
    swept, most, done = Swept(), most_gpus, set[object]()
    for scored in search.scored:
        if not keep(scored.candidate):
            continue
        limit = most - (layout_key(scored.candidate) in done)
        while (held := _holding(search, scored, swept, most_gpus=limit)) is not None:
            if held.candidate.gpus < most:
                swept.held, done = [], set()
            most, limit = held.candidate.gpus, held.candidate.gpus - 1
            swept.held.append((scored, held))
            done.add(layout_key(held.candidate))
    swept.held = [pair for pair in swept.held if pair[1].candidate.gpus == most]
    return swept


def _holding(search: "Search", scored: Scored, swept: Swept, *, most_gpus: int) -> Ranked | None:
    """The first way of a candidate to carry the traffic on so many GPUs."""
    for candidate in within(scored, most_gpus, but=search.given):
        if search.ceilings.of(candidate, search.spec.slo) < search.rate:
            continue
        if swept.tried == MOST_TRIED:
            swept.undecided += 1
            continue
        swept.tried += 1
        look = search.glance(scored, candidate, size=FIRST_LOOK)
        if look.share >= search.target - CLEARLY:
            look = search.quick(scored, candidate)
        if look.share >= search.target:
            look = search.sure(scored, candidate)
        if look.share >= search.target:
            return look
        swept.missed.append(look)
    return None
