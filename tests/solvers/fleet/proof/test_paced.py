"""Measured replicas run in the engine at the pace that carries what was measured, by hand and simulated."""

import math
from functools import cache

import numpy as np
import pytest

from solvers.fleet.proof.paced import MOST, most_work, pace_of
from solvers.fleet.proof.pools import Pools, only
from solvers.fleet.proof.prove import Proof, prove
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Ready
from solvers.fleet.supply.supplies import supplies
from solvers.serving.goodput import edge
from solvers.simulate.serving.engine import prepare

SIZES = {(128, 50): 0.4, (512, 100): 0.4, (2048, 200): 0.2}
ROOMY = {"ttft": 1.0, "tpot": 0.06, "attainment": 0.9}


def chat(capacities=None, *, gpu="a100-80", rate=320.0, slo=None, model="llama-3.1-8b") -> FleetSpec:
    """One service on one GPU type; capacities in the order of SIZES."""
    service = {
        "name": "chat",
        "model": model,
        "router": "input_and_output",
        "options": {"fix": {"tp": 1, "pp": 1}},
        "traffic": {
            "rate": rate,
            "sizes": [{"input": a, "output": b, "share": share} for (a, b), share in SIZES.items()],
        },
        "slo": slo or ROOMY,
    }
    if capacities is not None:
        lines = [f"{gpu},{a},{b},{one}" for (a, b), one in zip(SIZES, capacities, strict=True)]
        service["capacities"] = {"csv": "\n".join(["gpu,input,output,requests_per_s", *lines])}
    return FleetSpec.model_validate({"kind": "fleet", "services": [service], "market": [{"gpu": gpu, "price": 1.0}]})


@cache
def simulated() -> tuple[float, ...]:
    """What one replica carries of each class alone, by the model's engine."""
    prepare()
    spec = chat()
    pools = Pools(spec, supplies(spec))
    return tuple(_edge(pools, k) for k in range(len(SIZES)))


def _edge(pools: Pools, k: int) -> float:
    share = float(pools.supplies.services[0].shares[k])
    part, guess = only(pools.supplies.ready[0], k), float(pools.supplies.ready[0].capacity_per_s[k])

    def shares(rate: float) -> tuple[float, ...]:
        size = int(1_200 / share)
        seen = [pools.latencies(0, 1, part, rate_per_s=rate / share, seed=seed, size=size) for seed in (1, 2)]
        return tuple(0.0 if one is None or one.saturated else float(one.good(pools.slo(0)).mean()) for one in seen)

    return edge(shares, target=0.9, guess=guess, floor=guess / 20, ceiling=guess * 20).rate_per_s


@cache
def proved(times: float | None) -> tuple[Proof, Ready]:
    """The proof with a table of so many times what the engine carries; without a table for None."""
    spec = chat(None if times is None else [times * one for one in simulated()])
    known = supplies(spec)
    proof = prove(spec, known)
    assert proof is not None
    return proof, known.ready[0]


def test_a_pace_is_the_weighted_mean_of_the_logarithms_of_the_classes_paces() -> None:
    own, work = [0.5, 2.0, 1.0], np.array([3.0, 1.0, 0.0])

    found = pace_of(lambda k, pace: (float(pace <= own[k]),), work=work, target=0.9)

    assert found == pytest.approx(math.exp((3 * math.log(0.5) + math.log(2.0)) / 4), rel=0.03)


def test_a_pace_beyond_all_bounds_stays_at_them() -> None:
    work = np.ones(1)

    assert pace_of(lambda k, pace: (1.0,), work=work, target=0.9) == pytest.approx(32.0)
    assert pace_of(lambda k, pace: (0.0,), work=work, target=0.9) == pytest.approx(1 / 32)
    assert pace_of(lambda k, pace: (0.0,), work=np.zeros(2), target=0.9) == 1.0


def test_a_pace_is_sought_for_the_classes_that_make_up_most_of_the_work() -> None:
    assert most_work(np.array([1.0, 50.0, 0.0, 46.0, 3.0])) == [1, 3]
    assert most_work(np.ones(100)) == list(range(MOST))


def test_capacities_as_the_engine_has_them_leave_its_steps_and_the_plan_as_they_are() -> None:
    plain, _ = proved(None)
    equal, ready = proved(1.0)

    assert ready.label == "TP1, measured"
    assert equal.holding.pools.pace(0) == pytest.approx(1.0, abs=0.04)
    assert (plain.holding.pools.pace(0), plain.mix.units.tolist()) == (1.0, equal.mix.units.tolist())


def test_half_the_capacity_needs_about_twice_the_replicas_and_twice_it_half_of_them() -> None:
    plain, half, twice = (int(proved(times)[0].mix.units.sum()) for times in (1.0, 0.5, 2.0))

    assert half / plain == pytest.approx(2.0, abs=0.25)
    assert plain / twice == pytest.approx(2.0, abs=0.25)


def test_one_replica_at_what_was_measured_is_just_good_enough_and_no_more() -> None:
    proof, ready = proved(0.5)
    pools = proof.holding.pools

    shares = {}
    for k, share in enumerate(pools.supplies.services[0].shares.tolist()):
        for more in (0.8, 1.25):
            rate = more * float(ready.capacity_per_s[k]) / share
            seen = pools.latencies(0, 1, only(ready, k), rate_per_s=rate, seed=9, size=int(3_000 / share))
            assert seen is not None
            shares[k, more] = float(seen.good(pools.slo(0)).mean()) if len(seen.ttft_s) and not seen.saturated else 0.0

    assert {key: share >= 0.9 for key, share in shares.items()} == {
        (k, more): more < 1.0 for k in range(len(SIZES)) for more in (0.8, 1.25)
    }


def test_a_gpu_that_is_too_slow_by_the_model_and_was_measured_to_do_it_runs_in_the_engine() -> None:
    strict = {"tpot": 0.04, "attainment": 0.9}
    spec = chat([0.5, 0.25, 0.1], gpu="l4", rate=0.5, slo=strict, model="llama-2-7b")
    known = supplies(spec)

    proof = prove(spec, known)

    assert [one.k for one in supplies(chat(gpu="l4", slo=strict, model="llama-2-7b")).unserved] == [0, 1, 2]
    assert [(one.measured, one.modelled_per_s.tolist()) for one in known.ready if one.modelled_per_s is not None] == [
        (True, [0.0, 0.0, 0.0])
    ]
    assert proof is not None
    assert proof.attained[0].holds
    assert 0.5 < proof.holding.pools.pace(0) < 0.95
