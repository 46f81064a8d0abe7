"""The runs that a ladder may have: sizes of the family with several lengths each, within budget and target.

sizes      evenly in ln N up to the target's, as the family has them
lengths    a factor of two apart in tokens for each parameter, around both the usual 20 and the target's own
all        within what the budget pays and within `limits`
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from solvers.laws.design.candidates import Candidates, branched, total
from solvers.scaling.ladder.family import Family, sizes
from solvers.scaling.ladder.limits import Limits, allowed, largest, ratios, smallest
from solvers.scaling.ladder.price import Pace, Price

# Sizes up to the target's at most, and the least factors between neighbours in size and in length (estimates:
# candidates closer to one another hardly differ in what they tell).
SIZES, SIZE_STEP, LENGTH_STEP = 24, 1.3, 2.0


@dataclass(frozen=True, eq=False)
class Grid:
    """Candidates and how each is run."""

    candidates: Candidates
    paces: tuple[Pace, ...]

    def spent(self, chosen: Sequence[int]) -> tuple[float | None, float]:
        """GPU-hours, where there is hardware, and FLOP of the chosen runs together."""
        tokens = self.candidates.inputs["tokens"]
        flops = [pace.flops(one) for pace, one in zip(self.paces, tokens, strict=True)]
        hours = [pace.gpu_hours(one) for pace, one in zip(self.paces, tokens, strict=True)]
        known = [one.value for one in hours if one]
        together = total(replace(self.candidates, cost=np.array(known)), chosen) if len(known) == len(hours) else None
        return together, total(replace(self.candidates, cost=np.array(flops)), chosen)


def grid(
    of: Family, counts: str, price: Price, within: Limits, *, spend: float, decay_share: float | None
) -> Grid | None:
    """All runs that the budget can pay; None where it can pay none."""
    found: list[tuple[Pace, float]] = []
    payable = largest(within, price.flops(spend))
    for params in _sizes(of, counts, within):
        found += _of_size(params, price, within, spend) if params <= payable else []
    if not found:
        return None
    inputs = {
        "params": np.array([pace.params for pace, _ in found]),
        "tokens": np.array([tokens for _, tokens in found]),
    }
    candidates = Candidates(inputs, np.array([pace.cost(tokens) for pace, tokens in found]))
    if decay_share is not None:
        candidates = branched(candidates, decay_share)
    return Grid(candidates, tuple(pace for pace, _ in found))


def cheapest(of: Family, counts: str, price: Price, within: Limits) -> float | None:
    """What the cheapest run costs that tells something of the target; None where no size fits on the hardware."""
    costs = []
    for params in _sizes(of, counts, within):
        for tokens in lengths(params, within)[:1]:
            pace = price.pace(params, tokens)
            costs += [pace.cost(tokens)] if pace else []
    return min(costs, default=None)


def lengths(params: float, within: Limits) -> list[float]:
    """Tokens of the runs of a size, rising."""
    least, most = ratios(within)
    number = 1 + round(np.log(most / least) / np.log(LENGTH_STEP))
    found = (float(ratio * params) for ratio in np.geomspace(least, most, number))
    return [one for one in found if allowed(params, one, within)]


def _sizes(of: Family, counts: str, within: Limits) -> tuple[float, ...]:
    """N of members up to the target's, whatever the budget: more of it adds runs and takes none away."""
    low = min(smallest(within), within.params)
    return sizes(of, low, within.params, counts, step=max(SIZE_STEP, (within.params / low) ** (1.0 / (SIZES - 1))))


def _of_size(params: float, price: Price, within: Limits, spend: float) -> list[tuple[Pace, float]]:
    """The lengths of a size that the budget can pay, at the pace of the longest of them."""
    rising = lengths(params, within)
    for place in range(len(rising) - 1, -1, -1):
        pace = price.pace(params, rising[place])
        if pace is not None and pace.cost(rising[place]) <= spend:
            return [(pace, tokens) for tokens in rising[: place + 1]]
    return []
