"""Which draft tokens are accepted: a generator without a state, so that two simulators draw the same numbers."""

from solvers.simulate.serving.case import Speculation

_MASK = (1 << 64) - 1


def mix(value: int) -> int:
    """The output function of SplitMix64 for one 64-bit number [steele2014fast]."""
    z = (value + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def uniform(seed: int, request: int, decode: int, draft: int) -> float:
    """A number in [0, 1) for a draft's place in a request's so-manieth decode: 53 bits of four mixed numbers."""
    value = mix(seed & _MASK)
    for part in (request, decode, draft):
        value = mix(value ^ part)
    return float(value >> 11) * 2.0**-53


def accepted(speculation: Speculation, drafts: int, *, seed: int, request: int, decode: int) -> int:
    """How many of the drafts stand: those before the first that is refused."""
    for draft in range(drafts):
        if uniform(seed, request, decode, draft) >= speculation.acceptance:
            return draft
    return drafts
