import numpy as np
import pytest

from solvers.fleet.asked import programme_of
from solvers.fleet.programme.solve import solve
from solvers.fleet.proof import prove as prove_module
from solvers.fleet.proof.case import Attained, Missed, Proof, loaded
from solvers.fleet.proof.judged import attained
from solvers.fleet.proof.looked import shares_of
from solvers.fleet.proof.prove import prove, simulate_mix
from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.proof.tables import melange_spec, mix_with

FRESH = tuple(range(1_001, 1_006))


def proved(**change) -> tuple[Proof, object, object]:
    spec = melange_spec(**change)
    known = supplies(spec)
    proof = prove(spec, known)
    assert isinstance(proof, Proof)
    return proof, spec, known


def test_melanges_example_does_not_hold_at_its_optimum_and_does_with_one_more_a10g():
    proof, spec, known = proved()

    # Table by the README's figures: 1 A10G at exactly 100 % and 1 A100 cost 4.68 $/h.
    assert (proof.first.mix.units.tolist(), proof.first.mix.cost_usd_per_hour) == ([[1], [1]], pytest.approx(4.68))
    assert proof.first.attained[0] < 0.5
    assert (proof.mix.units.tolist(), proof.mix.cost_usd_per_hour) == ([[2], [1]], pytest.approx(5.69))
    assert min(proof.attained[0].by_seed) >= 0.9
    assert {tuple(one >= 0.9 for one in shares_of(some, spec.services[0].slo))
            for some in simulate_mix(spec, known, proof.mix, FRESH).values()} == {(True,) * 5}  # fmt: skip


def test_seeds_that_judge_are_others_than_those_that_tighten():
    proof, _, _ = proved()

    assert len(set(proof.judging_seeds)) == 5
    assert set(proof.judging_seeds).isdisjoint(proof.tightening_seeds)


def test_the_same_question_has_the_same_proof():
    first, again = proved()[0], proved()[0]

    assert (first.attained, first.rounds, first.requests) == (again.attained, again.rounds, again.requests)
    assert np.array_equal(first.mix.units, again.mix.units)
    assert first.factors.tolist() == again.factors.tolist()


def test_every_plan_that_is_cheaper_misses():
    proof, spec, known = proved()
    programme = programme_of(spec, known, np.ones(2))
    cheaper = [(a, b) for a in range(12) for b in range(3) if 0 < 1.01 * a + 3.67 * b < proof.mix.cost_usd_per_hour]

    def least(counts: tuple[int, int]) -> float:
        looks = simulate_mix(spec, known, mix_with(programme, *counts), FRESH)
        return min(min(shares_of(some, spec.services[0].slo)) for some in looks.values())

    held = [counts for counts in cheaper if least(counts) >= 0.9]

    assert held == []


def test_small_hours_are_given_more_room_than_large_ones():
    proof, _, _ = proved(rate=60.0, demand=(1.0, 2.0 / 60.0), market=[{"gpu": "a10g", "price": 1.01}])

    assert proof.loads[0][1] > proof.loads[0][0]


def test_head_room_is_kept_beside_what_the_latencies_need():
    plain, _, _ = proved(rate=90.0)
    roomy, _, _ = proved(rate=90.0, constraints={"head_room": 0.3})
    more, _, _ = proved(rate=90.0 / 0.7)

    assert plain.mix.cost_usd_per_hour < roomy.mix.cost_usd_per_hour
    assert roomy.mix.cost_usd_per_hour == pytest.approx(more.mix.cost_usd_per_hour, rel=0.1)


def test_the_programme_of_a_proof_is_the_one_that_its_mix_is_cheapest_of():
    proof, spec, known = proved(rate=60.0, demand=(1.0, 0.4, 0.1))

    again = solve(loaded(programme_of(spec, known, proof.factors), proof.loads))

    assert again is not None
    assert again.units.tolist() == proof.mix.units.tolist() == solve(proof.programme).units.tolist()


def test_too_few_gpus_leave_no_plan():
    spec = melange_spec(constraints={"max_gpus": 1})

    found = prove(spec, supplies(spec))

    assert isinstance(found, Missed)
    assert found.first is None


def test_limits_that_only_the_static_plan_keeps_leave_no_plan():
    spec = melange_spec(constraints={"max_gpus": 1}, rate=26.5)
    known = supplies(spec)
    assert solve(programme_of(spec, known, np.ones(2))) is not None

    found = prove(spec, known)

    assert isinstance(found, Missed)
    assert found.first is not None
    assert solve(loaded(programme_of(spec, known, found.factors), found.loads)) is None


def test_progress_is_told_and_never_falls():
    seen = []
    spec = melange_spec()

    prove(spec, supplies(spec), progress=lambda **told: seen.append(told["fraction"]))

    assert seen == sorted(seen)
    assert 0.0 < seen[0] <= seen[-1] < 1.0


def test_spot_replicas_that_may_be_lost_are_more():
    market = [{"gpu": "a10g", "price": 0.4, "term": "spot", "interruptions_per_hour": 0.6, "recovery": "10 min"}]
    bought = [{"gpu": "a10g", "price": 0.4}]

    spot, sure = (prove(spec, supplies(spec)) for spec in (melange_spec(market=one) for one in (market, bought)))

    assert isinstance(spot, Proof)
    assert isinstance(sure, Proof)
    assert spot.mix.units[0, 0] > sure.mix.units[0, 0] > 12
    assert spot.attained[0].holds


def test_a_budget_that_just_pays_for_the_plan_leaves_it():
    free = proved()[0]

    tight = proved(constraints={"budget_per_hour": free.mix.cost_usd_per_hour})[0]

    assert tight.mix.units.tolist() == free.mix.units.tolist() == [[2], [1]]


def test_a_plan_that_every_judging_finds_to_miss_is_no_plan(monkeypatch):
    monkeypatch.setattr(prove_module, "attained", lambda *_, interval: (Attained(0, 0.8, 0.7, 0.9, (0.8,), 0, 0.9),))
    spec = melange_spec()

    found = prove(spec, supplies(spec))

    assert isinstance(found, Missed)
    assert found.first is not None


def test_the_interval_is_left_out_where_only_the_shares_are_asked_for():
    proof, _, _ = proved()
    plain = programme_of(proof.holding.pools.spec, proof.holding.pools.supplies, np.ones(2))

    quick, full = (
        attained(proof.holding, plain, proof.mix, proof.judging_seeds, interval=interval)[0]
        for interval in (False, True)
    )

    assert (quick.value, quick.by_seed, quick.hour) == (full.value, full.by_seed, full.hour)
    assert (quick.low, quick.high) == (quick.value, quick.value)
    assert full == proof.attained[0]
