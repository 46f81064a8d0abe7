"""The runs that a ladder may have: sizes of the family with several lengths each, within budget and target.

sizes      evenly in ln N up to the target's, as the family has them
lengths    a factor of two apart in tokens for each parameter, around both the usual 20 and the target's own
all        within what the budget pays and within `limits`; none that is mostly tables of tokens
trunks     runs of one size whose lengths are within SPAN of one another: one batch has to suit them all
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from solvers.laws.design.candidates import Candidates, branched, total
from solvers.laws.law import Floats
from solvers.scaling.ladder.family import Family
from solvers.scaling.ladder.limits import Limits, allowed, largest, ratios
from solvers.scaling.ladder.price import Pace, Price
from solvers.scaling.ladder.sizes import tried

# The least factor between neighbours in length (estimate, as of sizes).
LENGTH_STEP = 2.0
# The best batch grows as D^0.571 (equation 1 [li2025predictable]): over this factor of lengths by 3.3, which a flat
# region still holds (estimate).
SPAN = 8.0


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
    for params in tried(of, counts, within):
        found += _of_size(params, price, within, spend) if params <= payable else []
    if not found:
        return None
    inputs = {
        "params": np.array([pace.params for pace, _ in found]),
        "tokens": np.array([tokens for _, tokens in found]),
    }
    candidates = Candidates(inputs, np.array([pace.cost(tokens) for pace, tokens in found]))
    if decay_share is not None:
        candidates = branched(candidates, decay_share, trunks=_trunks(candidates))
    return Grid(candidates, tuple(pace for pace, _ in found))


def cheapest(of: Family, counts: str, price: Price, within: Limits) -> float | None:
    """What the cheapest run costs that tells something of the target; None where no size fits on the hardware."""
    costs = []
    for params in tried(of, counts, within):
        for tokens in lengths(params, within)[:1]:
            pace = price.pace(params, tokens)
            costs += [pace.cost(tokens)] if pace else []
    return min(costs, default=None)


def tells(of: Family, counts: str, within: Limits) -> bool:
    """Whether any run within the limits tells something of the target, whatever it costs."""
    return any(lengths(params, within) for params in tried(of, counts, within))


def lengths(params: float, within: Limits) -> list[float]:
    """Tokens of the runs of a size, rising."""
    least, most = ratios(within)
    number = 1 + round(np.log(most / least) / np.log(LENGTH_STEP))
    found = (float(ratio * params) for ratio in np.geomspace(least, most, number))
    return [one for one in found if allowed(params, one, within)]


def _trunks(candidates: Candidates) -> Floats:
    """A number for each size and span of lengths [K], from the shortest of a size on."""
    params, tokens = candidates.inputs["params"], candidates.inputs["tokens"]
    shortest = {size: tokens[params == size].min() for size in np.unique(params)}
    first = np.array([shortest[size] for size in params])
    spans = np.floor(np.log(tokens / first) / np.log(SPAN * LENGTH_STEP) + 1e-9)
    both = np.stack([params, spans], axis=1)
    found: Floats = np.unique(both, axis=0, return_inverse=True)[1].ravel().astype(np.float64)
    return found


def _of_size(params: float, price: Price, within: Limits, spend: float) -> list[tuple[Pace, float]]:
    """The lengths of a size that the budget can pay, at the pace of the longest of them."""
    rising = lengths(params, within)
    for place in range(len(rising) - 1, -1, -1):
        pace = price.pace(params, rising[place])
        if pace is not None and pace.cost(rising[place]) <= spend:
            return [(pace, tokens) for tokens in rising[: place + 1]]
    return []
