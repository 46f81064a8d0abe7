"""Who kept to all latencies at once, and which queues only grow: by hand."""

import numpy as np

from solvers.serving.attainment import Latencies, counted, grows, latencies
from solvers.serving.slo import Slo
from solvers.serving.trial import Trial, size_for
from solvers.simulate.serving.case import Outcome, Requests


def _requests(size: int) -> Requests:
    ones = np.ones(size, dtype=np.int64)
    return Requests(np.arange(size) * 0.1, ones * 10, ones * 3, -ones, ones * 0, ones * 0)


def _outcome(wait_s: np.ndarray, *, decode_s: float = 0.2) -> Outcome:
    sent = np.arange(len(wait_s)) * 0.1
    none = np.zeros(len(wait_s), dtype=np.int64)
    first = sent + wait_s + 0.05
    return Outcome(sent, sent + wait_s, first, first + decode_s, none, none, none, 1, 1.0, none)


def test_a_request_is_good_when_it_keeps_to_all_limits_at_once() -> None:
    seconds = np.array([0.1, 0.3, 0.1, 0.3])
    one = Latencies(seconds, np.array([0.01, 0.01, 0.05, 0.05]), seconds * 2, np.full(4, 9), saturated=False)

    assert one.good(Slo(ttft=0.2, tpot=0.02)).tolist() == [True, False, False, False]
    assert Trial(1.0, (one, one)).shares(Slo(e2e=1.0, tpot=0.02)) == (0.5, 0.5)


def test_the_first_fifth_and_the_last_tenth_do_not_count() -> None:
    assert counted(100) == slice(20, 90)

    found = latencies(_outcome(np.zeros(100)), _requests(100))

    assert (len(found.ttft_s), found.saturated) == (70, False)
    assert np.allclose(found.tpot_s, 0.1)


def test_a_queue_that_only_grows_is_saturated_and_attains_nothing() -> None:
    found = latencies(_outcome(np.linspace(0.0, 2.0, 200)), _requests(200))

    assert found.saturated
    assert Trial(1.0, (found,)).shares(Slo(ttft=60.0)) == (0.0,)


def test_bursts_that_pass_are_not_saturation() -> None:
    waits = np.where(np.arange(400) % 100 > 50, 3.0, 0.0)
    waits[200:] *= 2.0

    assert not grows(np.arange(400) * 0.1, waits)
    assert not grows(np.arange(10.0), np.arange(10.0))


def test_trials_last_until_all_replicas_are_full() -> None:
    """Two in a second need few; a thousand that stay ten seconds each need two and a half turns of ten thousand."""
    slo = Slo(ttft=1.0)

    assert [size_for(rate, stay, slo) for rate, stay in ((2.0, 1.0), (100.0, 1.0), (1000.0, 4.0), (1000.0, 10.0))] == [
        400, 1000, 10_000, 16_000,
    ]  # fmt: skip
