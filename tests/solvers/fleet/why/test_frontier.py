import numpy as np
import pytest

from solvers.fleet.plan import small_plan
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.proof.groups import hour_of
from solvers.fleet.proof.looked import look
from solvers.fleet.why import frontier as module
from solvers.fleet.why.frontier import frontier
from tests.solvers.fleet.why.answers import answered, melange, small


def test_no_fleet_of_the_frontier_is_beaten_by_another_and_the_plan_is_among_them():
    question = answered(small(service={"traffic": {"rate": 60, "input": 300, "output": 16}}))

    near, far = frontier(question)

    points = np.array([list(one["objectives"].values()) for one in near])
    assert (np.diff(points[:, 0]) > 0).all()
    assert (np.diff(points[:, 1]) > 0).all()
    plan = question.mix.cost_usd_per_hour
    assert plan in [one["objectives"]["cost_usd_per_hour"] for one in near]
    for one in far:
        assert any(
            a["objectives"]["cost_usd_per_hour"] <= one["objectives"]["cost_usd_per_hour"]
            and a["objectives"]["latency_headroom_share"] >= one["objectives"]["latency_headroom_share"]
            for a in near
        )


def test_carbon_is_an_objective_where_every_site_says_what_it_emits():
    market = [
        {"gpu": "l4", "price": 0.7, "region": "dirty"},
        {"gpu": "l4", "price": 0.9, "region": "clean"},
    ]
    sites = [{"region": "dirty", "carbon_g_per_kwh": 600}, {"region": "clean", "carbon_g_per_kwh": 20}]

    near, far = frontier(answered(small(market=market, sites=sites)))

    both = [one["objectives"] for one in [*near, *far]]
    assert min(one["carbon_g_per_hour"] for one in both) < 0.1 * max(one["carbon_g_per_hour"] for one in both)
    cheap = min(both, key=lambda one: one["cost_usd_per_hour"])
    clean = min(both, key=lambda one: one["carbon_g_per_hour"])
    assert cheap["cost_usd_per_hour"] < clean["cost_usd_per_hour"]
    assert cheap["carbon_g_per_hour"] == pytest.approx(max(one["carbon_g_per_hour"] for one in both))


@pytest.mark.parametrize("slo", [{"ttft": "1 s"}, {"e2e": "9 s"}])
def test_head_room_is_by_how_much_the_wait_could_be_shorter(slo):
    service = melange().services[0].model_dump(mode="json", exclude_none=True) | {"slo": slo}
    service["traffic"] = {"rate": 30, "sizes": service["traffic"]["sizes"]}
    question = answered(melange(services=[service], market=[{"gpu": "a100-80", "price": 3.67}]))
    holding, plain = question.proof.holding, question.programme

    [point], _ = frontier(question)

    # A table knows how long requests wait: a second at the most, whatever else is asked of the answers.
    asked = hour_of(plain, question.plan, 0, 0)
    looks = [look(holding.pools, asked, seed=seed, size=holding.size(asked)) for seed in (101, 102)]
    waits = [one.states[0][1][0].latencies.ttft_s for one in looks]
    good = [np.mean([(one <= 1.0 - 0.01 * step).mean() for one in waits]) for step in range(100)]
    found = point["objectives"]["latency_headroom_share"]
    assert found == pytest.approx(0.01 * np.flatnonzero(np.array(good) >= 0.9).max())
    assert 0.1 < found < 0.98


def test_the_plan_stands_in_it_with_the_gpus_of_all_hours():
    service = melange().services[0].model_dump(mode="json") | {"demand": [0.67, 0.8, 0.14, 0.08, 0.84, 0.46]}
    question = answered(melange(services=[service]))

    near, far = frontier(question)

    plan, cost = small_plan(question.spec, question.proof.mix), question.proof.mix.cost_usd_per_hour
    same = [one for one in (*near, *far) if one["plan"] == plan]
    assert [one["objectives"]["cost_usd_per_hour"] for one in same] == [pytest.approx(cost)]


def test_where_no_fleet_keeps_to_shorter_latencies_none_is_asked_for_still_shorter_ones(monkeypatch):
    question = answered(small(service={"slo": {"tpot": "7 ms"}}, market=[{"gpu": "l4", "price": 0.7}]))
    asked = []
    monkeypatch.setattr(module, "cheapest", lambda programme: asked.append(programme) or cheapest(programme))

    near, far = frontier(question)

    assert cheapest(asked[0]) is None
    assert (len(asked), len(near), len(far)) == (1, 1, 0)
