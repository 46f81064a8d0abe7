import numpy as np
import pytest

from solvers.fleet.proof.drawn import Slice, Streams, slices
from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.proof.tables import SHARES, melange_spec


def _streams():
    spec = melange_spec()
    return Streams(spec, supplies(spec))


def test_slices_of_a_class_lie_side_by_side():
    shares = np.array([[0.25, 0.75, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])

    found = slices(shares)

    assert [one.low.tolist() for one in found] == [[0.0, 0.0, 0.0], [0.25, 0.0, 0.0], [1.0, 0.0, 0.0]]
    assert [one.high.tolist() for one in found] == [[0.25, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]


def test_what_is_left_of_a_class_takes_the_shares_of_what_is_lost():
    found = slices(np.array([[0.0, 0.2, 0.2]]))

    assert [one.weights.tolist() for one in found] == [[0.0], [0.5], [0.5]]


def test_every_request_goes_to_one_configuration():
    drawn = _streams().of(0, seed=1, size=4_000)
    shares = np.array([[0.3, 0.7], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])

    places = [drawn.of(part) for part in slices(shares)]

    assert np.array_equal(np.sort(np.concatenate(places)), np.arange(4_000))


def test_requests_go_by_their_class_and_the_weights_of_it():
    drawn = _streams().of(0, seed=1, size=40_000)
    part = Slice(np.zeros(4), np.array([0.3, 1.0, 0.5, 0.0]))

    classes = drawn.classes[drawn.of(part)]

    expected = [share * weight for share, weight in zip(SHARES.values(), [0.3, 1.0, 0.5, 0.0], strict=True)]
    assert np.bincount(classes, minlength=4) / 40_000 == pytest.approx(expected, abs=0.01)


def test_a_longer_stream_begins_with_the_shorter_one_and_another_seed_does_not():
    streams = _streams()
    short, long, other = (streams.of(0, seed=seed, size=size) for seed, size in ((1, 2_000), (1, 4_000), (2, 2_000)))

    assert np.array_equal(short.numbers, long.numbers[:2_000])
    assert np.array_equal(short.sample.requests.arrival_s, long.sample.requests.arrival_s[:2_000])
    assert not np.array_equal(short.numbers, other.numbers)


def test_a_rate_only_stretches_the_arrivals():
    drawn = _streams().of(0, seed=1, size=2_000)
    places = np.arange(0, 2_000, 3)

    slow, fast = drawn.at(places, 1.0), drawn.at(places, 4.0)

    assert fast.arrival_s == pytest.approx(slow.arrival_s / 4.0)
    assert np.array_equal(fast.input_tokens, slow.input_tokens)
