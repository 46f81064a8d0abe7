"""Every way of using islands: some are left out, the others form groups, each of which trains copies of the model.

    ((0, 1),)      one pipeline group over both islands: only activations cross
    ((0,), (1,))   a pipeline group on each: gradients cross
    ((1,),)        the first is left out
Islands of one kind (equal node, as many of them) are interchangeable: of arrangements that differ only in which of
them stands where, one is kept.
"""

from collections.abc import Hashable, Iterator, Sequence
from itertools import permutations

Group = tuple[int, ...]
Arrangement = tuple[Group, ...]


def arrangements(kinds: Sequence[Hashable]) -> list[Arrangement]:
    """All of them for islands of these kinds, those that use fewer islands first."""
    found: dict[Hashable, Arrangement] = {}
    for arrangement in sorted(_partitions(tuple(range(len(kinds)))), key=_size):
        found.setdefault(_signature(arrangement, kinds), arrangement)
    return list(found.values())


def orders(group: Group, kinds: Sequence[Hashable], *, most: int) -> list[Group]:
    """Orders of the islands along a pipeline, those that look alike once; at most `most`."""
    found: dict[Hashable, Group] = {}
    for order in permutations(group):
        found.setdefault(tuple(kinds[island] for island in order), order)
        if len(found) == most:
            break
    return list(found.values())


def _partitions(islands: Group) -> Iterator[Arrangement]:
    """Every partition of every subset that is not empty."""
    for arrangement in _with_nothing(islands):
        if arrangement:
            yield arrangement


def _with_nothing(islands: Group) -> Iterator[Arrangement]:
    if not islands:
        yield ()
        return
    first, rest = islands[0], islands[1:]
    for arrangement in _with_nothing(rest):
        yield arrangement
        yield ((first,), *arrangement)
        for place, group in enumerate(arrangement):
            yield (*arrangement[:place], (first, *group), *arrangement[place + 1 :])


def _size(arrangement: Arrangement) -> tuple[int, int, Arrangement]:
    return sum(len(group) for group in arrangement), len(arrangement), arrangement


def _signature(arrangement: Arrangement, kinds: Sequence[Hashable]) -> Hashable:
    groups = [sorted(str(kinds[island]) for island in group) for group in arrangement]
    return tuple(tuple(group) for group in sorted(groups))
