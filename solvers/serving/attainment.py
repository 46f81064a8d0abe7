"""What a simulation says about latencies: who kept to all limits at once, and whether the queue only grew.

The first requests meet an empty system and the last ones a draining one; neither is counted.
A load is saturated where waiting grows with time. A queue that keeps up is empty now and then, however bursty the
traffic, so the LUCKY requests wait little at any time; where even theirs waits (for a first step, or beyond the pace of
their tokens) grow by more than GROWTH seconds a second from the earlier half of the requests to the later, more work
comes in than is done. Such a load has no steady latencies; whatever it attains depends on how long one looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from solvers.serving.first_token import NOTHING, Waits, pace_s
from solvers.serving.slo import Slo
from solvers.simulate.serving.case import Outcome, Requests

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WARM_UP, DRAIN = 0.2, 0.1
# Share of the requests that are lucky; seconds that their wait grows each second, and the least that it has to grow;
# the quantile that is the fastest pace.
LUCKY, GROWTH, LEAST_S = 0.1, 0.03, 0.15
FASTEST = 0.05


@dataclass(frozen=True)
class Latencies:
    """Seconds of the counted requests of one seed, [n] each."""

    ttft_s: Floats
    tpot_s: Floats
    e2e_s: Floats
    outputs: npt.NDArray[np.int64]
    saturated: bool

    def good(self, slo: Slo) -> Bools:
        """Which requests keep to all limits at once. A request of one token has no time of an output token."""
        kept: Bools = np.ones(len(self.ttft_s), dtype=bool)
        for name, limit in slo.limits.items():
            kept &= getattr(self, f"{name}_s") <= limit
        return kept

    def later(self, factor: float) -> "Latencies":
        """The same with times to first token so many times as long; what follows takes what it took."""
        if factor == 1.0:
            return self
        return replace(self, ttft_s=factor * self.ttft_s, e2e_s=self.e2e_s + (factor - 1.0) * self.ttft_s)


def pooled(several: Sequence[Latencies]) -> Latencies:
    """The requests of several seeds together."""
    arrays = {name: np.concatenate([getattr(one, name) for one in several])
              for name in ("ttft_s", "tpot_s", "e2e_s", "outputs")}  # fmt: skip
    return Latencies(**arrays, saturated=any(one.saturated for one in several))


def counted(size: int) -> slice:
    """The requests that count, of `size`."""
    return slice(int(WARM_UP * size), size - int(DRAIN * size))


def latencies(outcome: Outcome, requests: Requests, waits: Waits = NOTHING, *, tokens_a_step: float = 1.0) -> Latencies:
    """The latencies of the requests that count, with what first tokens wait for beside the simulated steps."""
    part = counted(requests.size)
    tpot = outcome.tpot_s(requests.output_tokens)
    e2e = outcome.finish_s - outcome.sent_s
    sent = outcome.sent_s[part]
    wait = (outcome.scheduled_s - outcome.sent_s)[part]
    pace = pace_s(tpot[part], requests.output_tokens[part], tokens_a_step=tokens_a_step)
    added = waits.of(requests.input_tokens[part], pace)
    return Latencies(
        ttft_s=outcome.ttft_s[part] + added,
        tpot_s=tpot[part],
        e2e_s=e2e[part] + added,
        outputs=requests.output_tokens[part],
        saturated=grows(sent, wait) or grows(sent, outcome.ttft_s[part]) or grows(sent, _late(outcome, requests)[part]),
    )


def _late(outcome: Outcome, requests: Requests) -> Floats:
    """Seconds of each request beyond its tokens at the fastest pace; short answers are late only if they waited."""
    after = requests.output_tokens - 1
    paces = outcome.tpot_s(requests.output_tokens)[after > 0]
    pace = float(np.quantile(paces, FASTEST)) if len(paces) else 0.0
    late: Floats = np.where(after > 0, outcome.finish_s - outcome.first_token_s - pace * after, np.nan)
    return late


def grows(sent_s: Floats, wait_s: Floats) -> bool:
    """Whether waits [n] of requests sent at `sent_s` [n] grow with time."""
    known = ~np.isnan(wait_s)
    sent_s, wait_s = sent_s[known], wait_s[known]
    half = len(sent_s) // 2
    if half < 10:
        return False
    earlier, later = (float(np.quantile(part, LUCKY)) for part in (wait_s[:half], wait_s[half:]))
    apart = float(np.mean(sent_s[half:]) - np.mean(sent_s[:half]))
    return later - earlier > max(GROWTH * apart, LEAST_S)
