"""Prints how designs and advice do: `python -m tests.solvers.laws.design.report [made | pools] [repeats]`.

`made` plays cases whose law is known, `pools` spends 1, 5 and 10 % of the given pools by design and at random.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np

from solvers.laws.design.made import case, played, shrink_errors
from solvers.laws.design.protocol import Task, at_random, designed, score, scores, task
from solvers.laws.law import runs_of
from solvers.laws.loss import get
from tests.solvers.laws.families import farseer
from tests.solvers.laws.points import column, table

SHARES = (0.01, 0.05, 0.1)


def tasks() -> Iterator[tuple[str, Task]]:
    """Pools with their laws and the cost of a run as in [li2026spend]; the costliest 15 % kept back."""
    runs = farseer()
    for law in ("farseer", "skaling"):
        yield f"farseer by {law}", task(get(law), runs, runs.flops, leave=("farseer",))
    rows = table("scalebench_data_constrained_train")
    inputs = {name: column(rows, name) for name in ("params", "tokens", "unique_tokens")}
    runs = runs_of(column(rows, "loss"), **inputs)
    yield "data constrained", task(get("data-constrained"), runs, runs.flops, leave=("datablations",))
    rows = table("scalebench_moe_train")
    params, experts, loss = (column(rows, name) for name in ("dense_parameter_count", "num_experts", "loss_validation"))
    runs = runs_of(loss, params=params, experts=experts, counts="non-embedding")
    yield "moe", task(get("moe"), runs, params * experts)
    for text in ("stack", "pile"):
        rows = [row for row in table("scalebench_parallel_train") if row["group"] == text]
        params, streams, loss = (column(rows, name) for name in ("num_params", "parallel_size", "loss"))
        runs = runs_of(loss, params=params, streams=streams, counts="non-embedding")
        yield f"parallel, {text}", task(get("parscale"), runs, params)


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
    errors = shrink_errors(found)
    yield f"{count} cases, {time.process_time() - begun:.0f} CPU s"
    within, median = (errors <= 0.3).sum(), 100 * np.median(errors)
    yield f"shrink promised against found: median {median:.1f} % off, {within} within 30 %"
    ratios = np.array([one.spend / one.random_spend for one in found])
    half = (ratios <= 0.5).sum()
    yield f"spend over random's to the same interval: median {np.median(ratios):.2f}, {half} within half"
    held = sum(abs(one.error) <= one.found for one in found)
    yield f"forecasts within the 90 % interval afterwards: {held}"


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "made"
    number = int(sys.argv[2]) if len(sys.argv) > 2 else {"made": 100, "pools": 10}[what]
    for line in {"made": made, "pools": pools}[what](number):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
