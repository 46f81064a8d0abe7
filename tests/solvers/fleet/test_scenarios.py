from dataclasses import replace

import pytest

from solvers.fleet.proof.holding import Holding
from solvers.fleet.proof.pools import Pools
from solvers.fleet.proof.prove import plain_of, prove
from solvers.fleet.scenarios import Fresh, Told, scenario, summary, told
from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.proof.tables import melange_spec, mix_with


def test_a_number_is_one_question():
    assert scenario(7) == scenario(7)
    assert scenario(7) != scenario(8)


@pytest.mark.parametrize("number", [0, 1])
def test_a_plan_holds_at_five_fresh_seeds(number):
    assert told(number).holds


def test_a_replica_too_much_is_found_and_none_where_each_is_needed():
    spec = melange_spec()
    known = supplies(spec)
    proof = prove(spec, known)
    fresh = Fresh(plain_of(spec, known), Holding(Pools(spec, known)))

    needed = fresh.spare(proof)
    too_many = fresh.spare(replace(proof, mix=mix_with(proof.programme, 3, 1)))

    assert proof.mix.replicas.T.tolist() == [[2, 1]]
    assert needed == (0.0, 0.0)
    assert too_many == (pytest.approx(1.01 / (3 * 1.01 + 3.67)), 0.0)


def test_what_is_told_of_all_scenarios():
    every = [
        Told(0, "1 l4", 0.7, (0.05,), (0.0,)),
        Told(1, "2 l4", 1.4, (0.02, -0.01), (0.5, 0.0)),
        Told(2, "no plan", 0.0, ()),
    ]

    assert summary(every) == (
        "1 of 2 plans hold at all of 5 fresh seeds (1 scenarios have no plan); the least margin is -0.010;"
        " one replica less would do in 1 of them, and save 25.0% in the mean over all, 50.0% at the most\n"
    )
