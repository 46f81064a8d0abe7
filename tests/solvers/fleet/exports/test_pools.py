"""Pools of equal nodes from what is bought."""

from solvers.fleet.exports.bought import fleet_of
from solvers.fleet.exports.pools import pools
from tests.solvers.fleet.exports import cases


def found(name, **offer):
    result = cases.result(name)
    result["spec"]["market"][0] |= offer
    of = pools(fleet_of(result))
    return {pool.label: pool for pool in of.values()}


def test_single_gpus_are_nodes_of_the_size_of_their_replicas():
    of = found("day")

    assert {label: (pool.gpus, max(pool.nodes)) for label, pool in of.items()} == {
        "l4-spot-x1": (1, 4), "l4-spot-x2": (2, 1), "a100-x8": (8, 1),
    }  # fmt: skip


def test_what_is_reserved_is_there_in_every_hour():
    assert set(found("day")["a100-x8"].nodes) == {1}


def test_nodes_of_an_hour_hold_the_gpus_that_are_paid_for():
    result = cases.result("week")
    fleet = fleet_of(result)
    of = {pool.label: pool for pool in pools(fleet).values()}

    for offer in fleet.offers:
        mine = [pool for pool in of.values() if pool.offer.name == offer.name]
        assert [sum(pool.gpus * pool.nodes[hour] for pool in mine) for hour in range(fleet.hours)] == offer.gpus


def test_machines_are_those_of_the_price_or_the_nodes_own():
    priced = found("day", instance="g6.xlarge", price=None, region="us-east-1", zone=None)["l4-spot-x1"]

    assert priced.machines == ["g6.xlarge"]
    assert [pool.machines for pool in found("day").values()] == [[], [], ["p4de.24xlarge"]]


def test_zones_are_written_as_their_clouds_write_them():
    def zone(**offer):
        return found("day", **offer)["l4-spot-x1"].offer.zone

    assert zone() == "eu-west-1a"
    assert zone(provider="gcp", region="us-east4", zone="b") == "us-east4-b"
    assert zone(provider="aws", zone="eu-west-1c") == "eu-west-1c"
    assert zone(provider="", zone="rack-7") == "rack-7"
    assert zone(zone=None) == ""
