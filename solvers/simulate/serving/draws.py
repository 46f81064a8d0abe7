"""Which draft tokens are accepted, compiled: a generator without a state, so that the oracle draws the same numbers."""

import numpy as np

from solvers.simulate.serving.jit import compiled

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@compiled
def mix(value: np.uint64) -> np.uint64:
    """The output function of SplitMix64 for one 64-bit number [steele2014fast]."""
    z = value + _STEP
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@compiled
def accepted(drafts: int, acceptance: float, seed: int, request: int, decode: int) -> int:
    """How many of the drafts stand: those before the first that is refused."""
    value = mix(mix(mix(np.uint64(seed)) ^ np.uint64(request)) ^ np.uint64(decode))
    for draft in range(drafts):
        uniform = np.float64(mix(value ^ np.uint64(draft)) >> np.uint64(11)) * 2.0**-53
        if uniform >= acceptance:
            return draft
    return drafts
