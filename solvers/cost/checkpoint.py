"""Checkpoints and failures: how often to save, and what a second of useful work takes when failures come.

Symbols
    C seconds to write a checkpoint   M mean seconds between failures of the whole job, exponential
    D seconds until a failure is seen   R seconds from there to training on, reading the checkpoint included
    tau seconds of work between two checkpoints, w = tau + C
Expected seconds of a segment of work and its checkpoint, failures striking work, checkpoint and restart alike
    E = (M + D) e^(R/M) (e^(w/M) - 1)        (with D = 0: section 2 [daly2006higher])
which is w, and for each failure the work lost, D, and a restart that may fail itself:
    failures  F = (e^(w/M) - 1) e^(R/M)      lost work  M (e^(w/M) - 1) - w
    seen      D F                            restarts   M (e^(R/M) - 1) (e^(w/M) - 1)
"""

import math
from dataclasses import dataclass, fields

# e^60 times the work is never finished; beyond it nothing is told apart.
MOST_EXPONENT = 60.0


def young_interval_s(*, write_s: float, mtbf_s: float) -> float:
    """Seconds of work between checkpoints, to first order: sqrt(2 C M) [young1974first]."""
    return math.sqrt(2.0 * write_s * mtbf_s)


def daly_interval_s(*, write_s: float, mtbf_s: float) -> float:
    """Seconds of work between checkpoints, to higher order: equation 37 [daly2006higher]."""
    if write_s >= 2.0 * mtbf_s:
        return mtbf_s
    ratio = math.sqrt(write_s / (2.0 * mtbf_s))
    return young_interval_s(write_s=write_s, mtbf_s=mtbf_s) * (1.0 + ratio / 3.0 + ratio**2 / 9.0) - write_s


@dataclass(frozen=True)
class Overheads:
    """Seconds beside each second of useful work; `failures` counts them in that second of work."""

    checkpoints: float
    lost: float
    detection: float
    restart: float
    waiting: float
    failures: float

    @property
    def factor(self) -> float:
        """Seconds that a second of useful work takes."""
        return 1.0 + self.checkpoints + self.lost + self.detection + self.restart + self.waiting

    @property
    def goodput(self) -> float:
        """The share of time that is useful work."""
        return 1.0 / self.factor

    def seconds(self, work_s: float) -> dict[str, float]:
        """The parts of a run with so much useful work, by name."""
        parts = {field.name: getattr(self, field.name) * work_s for field in fields(self) if field.name != "failures"}
        return {"training": work_s, **parts}


def overheads(
    *, interval_s: float, write_s: float, mtbf_s: float, detection_s: float, restart_s: float, available: float = 1.0
) -> Overheads:
    """What failures add; `available` is the share of time in which enough nodes are there to run on."""
    segment = _exponential((interval_s + write_s) / mtbf_s)
    again = _exponential(restart_s / mtbf_s)
    failures = segment * (1.0 + again) / interval_s
    checkpoints = write_s / interval_s
    lost = max(mtbf_s * segment - interval_s - write_s, 0.0) / interval_s
    detection = detection_s * failures
    restart = mtbf_s * again * segment / interval_s
    running = 1.0 + checkpoints + lost + detection + restart
    return Overheads(
        checkpoints=checkpoints,
        lost=lost,
        detection=detection,
        restart=restart,
        waiting=running * (1.0 / available - 1.0),
        failures=failures,
    )


def availability(*, spares: int, repair_s: float, between_s: float) -> float:
    """The share of time in which at most `spares` nodes are in repair, which takes `repair_s` on average.

    Nodes fail every `between_s`; repairs do not wait for one another, so that the number in repair is Poisson's.
    """
    mean = repair_s / between_s
    terms, term = [], math.exp(-mean)
    for number in range(spares + 1):
        terms.append(term)
        term *= mean / (number + 1)
    return max(math.fsum(terms), math.exp(-MOST_EXPONENT))


def _exponential(exponent: float) -> float:
    return math.expm1(min(exponent, MOST_EXPONENT))
