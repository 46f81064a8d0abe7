"""How often one caller may ask: a token bucket for each, in this process.

Each web process counts for itself, so that no request pays a database write for it; with n processes a caller
gets up to n times the rate. Buckets that are full again are forgotten.
"""

import math
import time
from dataclasses import dataclass, field
from threading import Lock

# A bucket holds what flows in during this many seconds: bursts of a CI job pass, a loop without end does not.
BURST_S = 6.0
KEPT = 10_000


@dataclass(frozen=True)
class Allowance:
    """What is left to a caller; `retry_after_s` is 0 when this request was within it."""

    limit_per_minute: int
    left: int
    retry_after_s: float

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers."""
        reset = math.ceil(self.retry_after_s)
        return {
            "RateLimit-Policy": f'"default";q={self.limit_per_minute};w=60',
            "RateLimit": f'"default";r={self.left};t={reset}',
        }


@dataclass
class Buckets:
    """The buckets of all callers, filled at one rate."""

    per_minute: int
    levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def spend(self, caller: str, now: float | None = None) -> Allowance:
        """Takes one request from the caller's bucket, or says how long it must wait."""
        now = time.monotonic() if now is None else now
        rate = self.per_minute / 60
        capacity = max(1.0, rate * BURST_S)
        with self.lock:
            level, seen = self.levels.get(caller, (capacity, now))
            level = min(capacity, level + (now - seen) * rate)
            allowed = level >= 1
            level -= allowed
            self.levels[caller] = (level, now)
            if len(self.levels) > KEPT:
                self._forget(now, rate, capacity)
        return Allowance(self.per_minute, int(level), 0.0 if allowed else (1 - level) / rate)

    def _forget(self, now: float, rate: float, capacity: float) -> None:
        """Drops the full buckets; if none is full, the oldest half."""
        kept = {
            who: (level, seen) for who, (level, seen) in self.levels.items() if level + (now - seen) * rate < capacity
        }
        newest = sorted(kept.items(), key=lambda item: -item[1][1])[: KEPT // 2]
        self.levels = dict(newest)
