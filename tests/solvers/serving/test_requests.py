"""The requests of a seed: the same ones at every rate, and the first of any larger number."""

import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.serving.requests import sample, shape_of
from solvers.serving.traffic import Traffic

LONG = 10**9


def _traffic(**change: object) -> Traffic:
    plain = {"rate": 5, "input": {"mean": 100, "cv": 1.0}, "output": {"p50": 20, "p90": 90}}
    return Traffic.model_validate({**plain, **change})


@pytest.mark.parametrize("arrivals", ["poisson", "gamma", "constant"])
def test_more_requests_follow_the_same_first_ones(arrivals: str) -> None:
    traffic = _traffic(arrivals=arrivals, prefix={"share": 0.5, "tokens": 30, "groups": 3})
    few, many = (sample(traffic, size=size, seed=3, longest=LONG).requests for size in (50, 200))

    for name in ("arrival_s", "input_tokens", "output_tokens", "prefix", "prefix_tokens"):
        assert np.array_equal(getattr(few, name), getattr(many, name)[:50])


def test_sizes_come_in_their_pairs_and_shares() -> None:
    sizes = [
        {"input": 10, "output": 7, "share": 0.25},
        {"input": 99, "output": 1, "share": 0.75},
        {"input": 5, "output": 5, "share": 0},
    ]
    few, many = (
        sample(_traffic(input=None, output=None, sizes=sizes), size=size, seed=1, longest=LONG).requests
        for size in (500, 20_000)
    )

    pairs, counts = np.unique(np.stack([many.input_tokens, many.output_tokens]), axis=1, return_counts=True)
    assert pairs.T.tolist() == [[10, 7], [99, 1]]
    assert counts / 20_000 == pytest.approx([0.25, 0.75], abs=0.01)
    assert np.array_equal(few.input_tokens, many.input_tokens[:500])


def test_sizes_that_no_context_holds_are_said_at_their_field() -> None:
    sizes = [{"input": 9000, "output": 7, "share": 1}]

    with pytest.raises(SpecError) as caught:
        sample(_traffic(input=None, output=None, sizes=sizes), size=100, seed=0, longest=4096)

    assert [(problem.code, problem.at) for problem in caught.value.problems] == [("too_long", "/traffic/sizes")]


def test_a_rate_only_brings_them_closer_together() -> None:
    drawn = sample(_traffic(), size=2000, seed=0, longest=LONG)

    slow, fast = drawn.at(2.0), drawn.at(8.0)

    assert np.allclose(slow.arrival_s, 4.0 * fast.arrival_s)
    assert np.array_equal(slow.output_tokens, fast.output_tokens)
    assert 2000 / fast.arrival_s[-1] == pytest.approx(8.0, rel=0.05)


def test_what_is_too_long_is_refused_and_the_rest_come_less_often() -> None:
    every = sample(_traffic(), size=2000, seed=0, longest=LONG)
    some = sample(_traffic(), size=2000, seed=0, longest=200)

    assert some.refused == pytest.approx(1 - some.requests.size / 2000)
    assert 0.1 < some.refused < 0.5
    assert (some.requests.input_tokens + some.requests.output_tokens).max() <= 200
    assert every.refused == 0.0


def test_requests_that_no_context_holds_are_said_at_their_field() -> None:
    with pytest.raises(SpecError) as caught:
        sample(_traffic(input={"mean": 9000, "cv": 0.01}), size=100, seed=0, longest=4096)

    assert [(problem.code, problem.at) for problem in caught.value.problems] == [("too_long", "/traffic/input")]


def test_a_trace_is_cut_where_the_seed_says_and_keeps_its_rate() -> None:
    traffic = Traffic.model_validate({"trace": "azure-2023-conv"})
    parts = [sample(traffic, size=15_000, seed=seed, longest=LONG).requests for seed in range(3)]

    assert [part.size for part in parts] == [15_000] * 3
    assert parts[0].input_tokens[:20].tolist() != parts[1].input_tokens[:20].tolist()
    assert np.mean([15_000 / part.arrival_s[-1] for part in parts]) == pytest.approx(1.0, rel=0.1)


def test_a_trace_of_few_requests_is_repeated_at_its_rate() -> None:
    """Requests at 0, 1 and 4 s are half a request a second: each lap of three takes 6 s, which are 3 of unit rate."""
    traffic = Traffic.model_validate({"trace": {"csv": "arrival,input,output\n0,10,4\n1,20,5\n4,30,6\n"}})

    laps = [sample(traffic, size=7, seed=seed, longest=LONG).requests for seed in range(20)]

    first = next(one for one in laps if one.input_tokens[0] == 10)
    assert first.arrival_s.tolist() == [0.0, 0.5, 2.0, 3.0, 3.5, 5.0, 6.0]
    assert first.output_tokens.tolist() == [4, 5, 6, 4, 5, 6, 4]
    assert {int(one.input_tokens[0]) for one in laps} == {10, 20, 30}


def test_what_is_left_of_a_trace_comes_at_its_rate() -> None:
    traffic = Traffic.model_validate({"trace": {"csv": "arrival,input,output\n0,10,4\n1,900,5\n2,10,6\n3,10,6\n"}})

    found = sample(traffic, size=4000, seed=0, longest=100)

    assert found.refused == pytest.approx(0.25)
    assert found.requests.size / found.requests.arrival_s[-1] == pytest.approx(1.0, rel=0.01)


def test_priorities_have_their_shares() -> None:
    traffic = _traffic(priorities=[{"priority": 0, "share": 0.2}, {"priority": 5, "share": 0.8}])

    found = sample(traffic, size=5000, seed=0, longest=LONG).requests.priority

    assert set(found.tolist()) == {0, 5}
    assert (found == 0).mean() == pytest.approx(0.2, abs=0.02)


def test_a_cache_spares_what_was_seen_before() -> None:
    traffic = Traffic.model_validate(
        {"trace": {"csv": "arrival,input,output,prefix,prefix_tokens\n0,100,4,a,60\n1,80,4,a,50\n2,90,8,,0\n"}}
    )
    requests = sample(traffic, size=3, seed=0, longest=LONG).requests

    plain, cached = (shape_of(requests, cached=cached) for cached in (False, True))

    assert (plain.inputs, plain.fresh, plain.outputs, plain.longest) == (90.0, 90.0, 16 / 3, 104)
    assert cached.fresh == pytest.approx((100 + 30 + 90) / 3)
    assert cached.pairs == pytest.approx((100 * 101 / 2 + 30 * 50 + 30 * 31 / 2 + 90 * 91 / 2) / 3)
