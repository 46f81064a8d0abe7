"""Prints how designs and advice do: `python -m tests.solvers.laws.design.report [made | product | pools] [repeats]`.

`made` plays cases whose law is known, `product` cases of the whole mixture whose truth is another law (so many) or real
runs of a left-out family (all there are), `pools` spends 1, 5 and 10 % of the Farseer runs by design and at random (the
benchmark's other pools: tests.solvers.laws.pools.report).
"""

import sys
import time
from collections.abc import Iterator
from itertools import groupby

import numpy as np

from solvers.laws.design.protocol import Task, at_random, designed, score, scores, task
from solvers.laws.loss import get
from tests.solvers.laws.design import product
from tests.solvers.laws.design.made import case, played
from tests.solvers.laws.design.played import Played
from tests.solvers.laws.families import farseer

SHARES = (0.01, 0.05, 0.1)


def tasks() -> Iterator[tuple[str, Task]]:
    """The Farseer runs by two laws, 6 N D a run as in [li2026spend]; the costliest 15 % kept back."""
    runs = farseer()
    for law in ("farseer", "skaling"):
        yield f"farseer by {law}", task(get(law), runs, runs.flops, leave=("farseer",))


def pools(repeats: int) -> Iterator[str]:
    """A line for each pool and share."""
    for name, of in tasks():
        whole = score(of, tuple(range(len(of.pool))))
        yield f"{name}: {len(of.pool)} runs, {len(of.kept)} kept back, R2 of the whole pool {whole:.3f}"
        for share in SHARES:
            begun = time.process_time()
            one = scores(of, designed, share=share, repeats=repeats)
            took = (time.process_time() - begun) / repeats
            other = scores(of, at_random, share=share, repeats=repeats)
            told = (f"mean {r2.mean():6.3f} median {np.median(r2):6.3f} least {r2.min():6.3f}" for r2 in (one, other))
            yield f"  {100 * share:3.0f} %  design {next(told)}   random {next(told)}   {took:.2f} CPU s a repeat"


def made(count: int) -> Iterator[str]:
    """What was promised and what came."""
    begun = time.process_time()
    found = [played(case(seed)) for seed in range(count)]
    errors = np.array([one.off for one in found])
    yield f"{count} cases, {time.process_time() - begun:.0f} CPU s"
    within, median = (errors <= 0.3).sum(), 100 * np.median(errors)
    yield f"shrink promised against found: median {median:.1f} % off, {within} within 30 %"
    ratios = np.array([one.spend / one.random_spend for one in found])
    half = (ratios <= 0.5).sum()
    yield f"spend over random's to the same interval: median {np.median(ratios):.2f}, {half} within half"
    held = sum(abs(one.error) <= one.found for one in found)
    yield f"forecasts within the 90 % interval afterwards: {held}"


def of_product(count: int) -> Iterator[str]:
    """A line for each source of cases, and for all of them."""
    begun = time.process_time()
    found = [product.played(product.made(seed)) for seed in range(count)]
    yield from _told(f"{count} made", found)
    for family, cases in groupby(product.real(), key=lambda one: one.name):
        played_ = [product.played(one) for one in cases]
        found += played_
        yield from _told(f"{len(played_)} of {family}", played_)
    yield from _told(f"all {len(found)}", found)
    yield f"{time.process_time() - begun:.0f} CPU s"


def _told(name: str, found: list[Played]) -> Iterator[str]:
    off = np.array([one.off for one in found])
    ratios = np.array([one.spend / one.random_spend for one in found])
    held = np.mean([abs(one.error) <= one.found for one in found])
    yield (
        f"{name}: shrink {100 * np.median(off):.1f} % off at the median, {100 * (off <= 0.3).mean():.0f} % of cases"
        f" within 30 %; spend over random's {np.median(ratios):.2f} at the median, {100 * (ratios <= 0.5).mean():.0f} %"
        f" within half; {100 * held:.0f} % of truths within the interval afterwards"
    )


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "made"
    number = int(sys.argv[2]) if len(sys.argv) > 2 else {"made": 100, "product": 60, "pools": 10}[what]
    for line in {"made": made, "product": of_product, "pools": pools}[what](number):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
