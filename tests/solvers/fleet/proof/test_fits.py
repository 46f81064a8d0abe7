import pytest

from solvers.fleet.proof.fits import Fits
from solvers.fleet.proof.pools import Pools
from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.proof.tables import melange_spec


def factor(replicas):
    """Of the A10G's table, in a pool of about so many."""
    spec = melange_spec(rate=300.0)
    fits = Fits(Pools(spec, supplies(spec)))
    fits.fit(0, replicas)
    return float(fits.factors[0])


def test_a_table_carries_all_that_it_says_in_large_pools_and_less_in_small_ones():
    alone, several, many = factor(1), factor(8), factor(600)

    assert alone < 0.6 < several < many
    assert many == pytest.approx(1.0, abs=0.01)
