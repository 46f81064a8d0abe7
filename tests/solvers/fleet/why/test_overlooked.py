"""A plan that a shorter latency is cheaper than is proven again with what makes that so."""

from collections.abc import Iterator

import numpy as np
import pytest

from solvers import kinds
from solvers.documents import read
from solvers.fleet.proof.case import Missed, Proof
from solvers.fleet.proof.prove import prove
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply import chosen
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why import overlooked
from solvers.fleet.why.answered import Answered


@pytest.fixture(scope="module")
def narrow() -> Iterator[Answered]:
    """The busiest hour of the day on a reserved base, with one setting of each layout."""
    document = read(kinds.examples("fleet")["reserved-base-of-a-day"])
    document["services"][0].pop("demand")
    spec = kinds.parse(document)
    assert isinstance(spec, FleetSpec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chosen, "MORE", 0.05)
        known = supplies(spec)
        proof = prove(spec, known)
        assert isinstance(proof, Proof)
        yield Answered(spec, known, proof)


def shorter(answered: Answered) -> float:
    """The cheapest of shorter latencies over the plan."""
    values = [one.mix.value for one in answered.latencies if one.factor < 1.0 and one.mix is not None]
    return min(values) / answered.mix.value


def test_replicas_that_make_a_shorter_latency_cheaper_make_the_plan_cheaper(narrow: Answered) -> None:
    found = overlooked.settled(narrow)

    assert (len(narrow.supplies.ready), shorter(narrow) < 0.8, len(overlooked.overlooked(narrow))) == (2, True, 2)
    assert (len(found.supplies.ready), found.closed, overlooked.overlooked(found)) == (4, False, [])
    assert found.proof.mix.value < 0.8 * narrow.proof.mix.value
    assert shorter(found) >= 1.0 - 1e-6


@pytest.mark.parametrize("dearer", [True, False])
def test_where_the_plan_is_none_the_better_shorter_latencies_have_its_own_replicas(
    narrow: Answered, monkeypatch: pytest.MonkeyPatch, dearer: bool
) -> None:
    proof = narrow.proof
    mix = proof.mix
    worse = Proof(**{**vars(proof), "mix": type(mix)(**{**vars(mix), "value": 1.01 * mix.value})})
    missed = Missed(np.ones(4), proof.loads, 1, None)
    monkeypatch.setattr(overlooked, "prove", lambda *_, **__: worse if dearer else missed)

    found = overlooked.settled(narrow)

    assert (found.closed, found.proof is proof, shorter(found) >= 1.0 - 1e-6) == (True, True, True)
