"""Fleets of one GPU type that hold where what mixes needed would rule them out."""

import pytest

from solvers.fleet.programme.solve import cheapest
from solvers.fleet.proof.case import Proof
from solvers.fleet.proof.prove import prove
from solvers.fleet.proof.uniform import types_of
from solvers.fleet.supply.supplies import supplies
from tests.papers.melange import TYPES, question
from tests.solvers.fleet.proof.tables import melange_spec


def proven(types: tuple[str, ...]) -> Proof:
    asked = question("documents", tpot_ms=120, rate=32, types=types)
    proof = prove(asked, supplies(asked))
    assert isinstance(proof, Proof)
    return proof


def test_no_fleet_of_one_type_is_better_than_the_plan():
    # Pools of two types each need more room than one large pool: the mixes that hold are dearer than 7 H100.
    plan, own = proven(TYPES), proven(("h100-sxm",))

    assert plan.mix.value == pytest.approx(own.mix.value)
    assert plan.mix.units.ravel().tolist() == [0, 0, 0, *own.mix.units.ravel().tolist()]
    assert all(one.holds for one in plan.attained)


def test_the_plan_of_one_type_is_the_best_answer_to_its_own_question():
    plan = proven(TYPES)

    assert cheapest(plan.programme).value == pytest.approx(plan.mix.value)
    assert [load.max() for load in plan.planned_loads] == [1.0]
    assert max(load.max() for load in plan.loads) > 1.0


def test_types_are_those_of_the_offers_and_none_where_there_is_one():
    three = melange_spec(
        market=[{"gpu": "a10g", "price": 1.01}, {"gpu": "a100-80", "price": 3.67},
                {"gpu": "a10g", "price": 0.5, "term": "spot", "interruptions_per_hour": 0.1, "name": "spot"}]
    )  # fmt: skip
    one = melange_spec(market=[{"gpu": "a10g", "price": 1.01}])

    assert types_of(three) == ((0, 2), (1,))
    assert types_of(one) == ()
