import numpy as np
import pytest

from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why.changed import with_price
from solvers.fleet.why.entry import entry
from tests.solvers.fleet.why.programmes import cost, counts, melange, random, supply


def unused(seed: int):
    """A random programme with an offer that its best plan leaves, dear enough for that."""
    programme = random(seed)
    programme = with_price(programme, 1, np.array([50.0]))
    mix = cheapest(programme)
    return programme, mix


@pytest.mark.parametrize("seed", range(10))
def test_the_entry_price_is_the_best_of_all_mixes_that_buy_the_offer(seed):
    programme, mix = unused(seed)
    if mix is None or mix.units[1].max() > 0:
        pytest.skip("nothing else carries it")
    every = [units for units in counts(programme) if units[1]]
    expected = max(((mix.value - cost(programme, units) + 50.0 * units[1]) / units[1] for units in every), default=-1.0)

    found = entry(programme, 1, mix.value)

    if abs(expected) < 1e-9:  # for nothing it gains nothing: bought or not, the cost is the same
        assert found.usd_per_unit_hour in (None, pytest.approx(0.0, abs=1e-9))
    elif expected < 0.0:
        assert found.usd_per_unit_hour is None
    else:
        assert found.usd_per_unit_hour == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_an_offer_enters_at_its_entry_price_and_not_above_it():
    programme = melange(offers=(supply(1.01), supply(50.0)))
    mix = cheapest(programme)
    assert mix.units[1].max() == 0

    found = entry(programme, 1, mix.value)

    below = cheapest(with_price(programme, 1, np.array([found.usd_per_unit_hour * 0.999])))
    above = cheapest(with_price(programme, 1, np.array([found.usd_per_unit_hour * 1.001])))
    assert (below.units[1].max() > 0, above.units[1].max()) == (True, 0)
    assert below.value < mix.value == above.value


def test_an_offer_that_serves_nothing_does_not_enter_even_free():
    plain = melange()
    nothing = plain.configurations[1].__class__(0, 1, 1, np.zeros(4))
    programme = melange(configurations=(plain.configurations[0], nothing))
    mix = cheapest(programme)

    found = entry(programme, 1, mix.value)

    assert (found.usd_per_unit_hour, found.mix) == (None, None)
