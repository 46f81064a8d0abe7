"""Fleets of one GPU type, each proven on its own where it might be better than the mix that was found.

Tightening asks for room by the hour, of whatever mix it saw; but pools of many kinds have few replicas each and need
more room than one large pool. What ruled mixes out would rule out a fleet of one type that holds. So each type whose
fleet might be better with no room at all is searched alone, up to the value of the best plan so far.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from solvers.fleet.programme.case import Alone, Floats, Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.proof.fits import Fits
from solvers.fleet.proof.tighten import Tightening
from solvers.fleet.spec import FleetSpec

# A fleet of one type counts as better where it is so by this share, and as equal within it.
BETTER = 1e-6
# Pools of a mix are small, and large ones carry more than is known of these: a type is searched unless what is known
# makes it dearer by this share (estimate; pools of 8 carry 5 to 10 % more than those of 2 in Melange's study).
UNKNOWN = 0.15


@dataclass(frozen=True)
class Judged:
    """A plan that holds, its search, the seeds that judged it, and the question whose best answer it is."""

    search: Tightening
    mix: Mix
    seeds: tuple[int, ...]
    programme: Programme
    factors: Floats


def types_of(spec: FleetSpec) -> tuple[tuple[int, ...], ...]:
    """The offers of each GPU type, where there are several types."""
    kinds: dict[str, list[int]] = {}
    for place, one in enumerate(spec.offers):
        kinds.setdefault(one.gpu.name, []).append(place)
    return tuple(tuple(places) for places in kinds.values()) if len(kinds) > 1 else ()


def alone(mixed: Tightening, value: float, prove: Callable[[Tightening], Judged | None]) -> Judged | None:
    """The best fleet of one type that `prove` finds to hold, if it is better than `value`."""
    best: Judged | None = None
    for offers in types_of(mixed.pools.spec):
        below = (value if best is None else best.mix.value) * (1.0 - BETTER)
        search = Tightening(mixed.pools, offers, below)
        search.fits, search.holding = Fits(mixed.pools, mixed.fits.sizes()), mixed.holding
        least = cheapest(search.programme)
        if least is not None and least.value < below * (1.0 + UNKNOWN):
            best = prove(search) or best
    return None if best is None else _joined(mixed, best)


def _joined(mixed: Tightening, best: Judged) -> Judged:
    """The same with the question of all offers, in which those of that type need less room on their own."""
    own = best.search
    shares = tuple(less / load for less, load in zip(own.loads, mixed.loads, strict=True))
    alone = Alone(own.kept or (), shares, own.fits.factors / mixed.fits.factors)
    return replace(best, programme=replace(mixed.programme, alone=(alone,)), factors=mixed.fits.factors)
