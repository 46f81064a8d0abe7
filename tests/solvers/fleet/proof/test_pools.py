import numpy as np

from solvers.fleet.proof import pools
from solvers.fleet.proof.pools import Pools, static_rate, whole
from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.why.answers import small


def test_of_a_pool_that_is_too_large_a_part_is_simulated_with_its_part_of_the_load(monkeypatch):
    spec = small(market=[{"gpu": "h100-sxm", "price": 7.5}])
    known = supplies(spec)
    ready, asked = known.ready[0], Pools(spec, known)
    rate, size = 0.8 * static_rate(ready, known, whole(ready), 1), 4_000

    plain = asked.latencies(0, 3, whole(ready), rate_per_s=3 * rate, seed=1, size=size)
    monkeypatch.setattr(pools, "LARGEST", 3)
    part = asked.latencies(0, 3_000, whole(ready), rate_per_s=3_000 * rate, seed=1, size=size)

    assert plain is not None
    assert part is not None
    assert (len(part.ttft_s) > 0, part.saturated) == (True, plain.saturated)
    assert np.mean(part.ttft_s) < 2.0 * np.mean(plain.ttft_s)
