"""Replicas at another latency are held to what they are at the plan's."""

from dataclasses import replace

import numpy as np

from solvers.fleet.supply.case import Supplies
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.latency import held_to, same, with_limit
from tests.solvers.fleet.why.answers import small


def carries(known: Supplies, factors: list[float]) -> Supplies:
    """As many of the replicas as there are factors, each carrying so many times as much."""
    pairs = zip(known.ready, factors, strict=False)
    return replace(known, ready=tuple(replace(one, capacity_per_s=one.capacity_per_s * more) for one, more in pairs))


def ratios(held: Supplies, known: Supplies) -> list[float]:
    return [
        float(np.max(one.capacity_per_s / own.capacity_per_s)) for one, own in zip(held.ready, known.ready, strict=True)
    ]


def test_a_replica_carries_no_more_at_a_shorter_latency_and_no_less_at_a_longer_one() -> None:
    known = supplies(small())
    found = carries(known, [1.5, 0.5])

    shorter, longer = (held_to(found, known, longer=each, closed=False) for each in (False, True))

    assert (ratios(shorter, known), ratios(longer, known)) == ([1.0, 0.5], [1.5, 1.0])


def test_a_longer_latency_has_every_replica_of_the_plans_and_a_shorter_one_what_was_found_for_it() -> None:
    known = supplies(small())
    found = carries(known, [1.0])

    shorter, longer = (held_to(found, known, longer=each, closed=False) for each in (False, True))

    assert [one.gpu.name for one in known.ready] == ["l4", "h100-sxm"]
    assert [[one.gpu.name for one in each.ready] for each in (shorter, longer)] == [["l4"], ["l4", "h100-sxm"]]


def test_new_replicas_of_a_shorter_latency_are_left_out_where_they_were_tried_before() -> None:
    found = supplies(small())
    known = carries(found, [1.0])

    fewer, all_ = (held_to(found, known, longer=False, closed=each) for each in (True, False))

    assert ([same(one) for one in fewer.ready], len(all_.ready)) == ([same(known.ready[0])], 2)


def test_the_same_replica_is_known_by_its_setup_or_by_its_name_in_a_table() -> None:
    one = supplies(with_limit(small(), 0, "ttft", 0.8)).ready[0]
    other = supplies(small()).ready[0]

    def alike(**change: object) -> bool:
        return same(replace(one, **change)) == same(other)  # type: ignore[arg-type]

    assert (alike(), alike(label="as told beside others"), alike(offer=1), alike(setup=None)) == (
        True,
        True,
        False,
        False,
    )
    assert same(replace(one, setup=None)) == (0, 0, 1, one.label)
