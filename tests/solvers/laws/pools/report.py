"""Prints R^2 of every task beside random runs: `python -m tests.solvers.laws.pools.report [tasks]`.

With `drift`: what each task would take for how far runs are off a law, chosen on the other tasks alone.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tests.solvers.laws.pools.given import tasks
from tests.solvers.laws.pools.spend import DRIFTS, REPEATS, Task, at_random, designed, scores, whole

# Table 2 of [li2026spend], their own design, and the fit to the whole pool.
THEIRS = {
    "lr & bsz": (-0.66, 0.00, 0.22, 0.04),
    "domain mixture": (0.64, 0.89, 0.95, 0.81),
    "vocabulary": (0.96, 0.98, 0.98, 0.93),
    "parallel": (-1.00, 0.77, 0.99, 0.99),
    "moe": (0.59, 0.65, 0.83, 0.81),
    "data constrained": (0.73, 0.85, 0.86, 0.79),
    "sparsity": (0.31, 0.44, 0.53, 0.37),
}


def by_law(of: Task, selector, share: float, repeats: int = REPEATS) -> np.ndarray:
    """Mean R^2 of each law."""
    return np.array([np.mean(list(scores(of, form, selector, share=share, repeats=repeats))) for form in of.forms])


def lines(of: Task, repeats: int = REPEATS) -> Iterator[tuple[str, str, str, str]]:
    """What, found, bar, beside: a line for each share."""
    every = np.array([whole(of, form) for form in of.forms])
    for share, theirs in zip(of.shares, THEIRS[of.name], strict=False):
        begun = time.process_time()
        mine = by_law(of, designed, share, repeats)
        took = (time.process_time() - begun) / (repeats * len(of.forms))
        random = by_law(of, at_random, share, repeats)
        runs, kept = (sum(len(getattr(one, what)) for one in of.groups) for what in ("cost", "kept_x"))
        yield (
            f"design, {of.name}, {len(of.forms)} laws, {100 * share:.0f} % of {runs} runs -> {kept}: R2",
            f"{mine.mean():.2f} (laws {mine.min():.2f} to {mine.max():.2f}), {took:.2f} s",
            f">= {theirs:.2f}",
            f"random {random.mean():.2f}, the whole pool {every.mean():.2f} (theirs {THEIRS[of.name][3]:.2f})",
        )


def drifts(repeats: int = 2) -> Iterator[str]:
    """Mean R2 of each task's two larger shares for each of DRIFTS, and which of them the other tasks would choose."""
    found = {
        of.name: np.array([np.mean([by_law(at, designed, share, repeats) for share in of.shares[1:]]) for at in made])
        for of, made in ((of, [_at(of, drift) for drift in DRIFTS]) for of in tasks())
    }
    for name, mine in found.items():
        others = sum(one for other, one in found.items() if other != name)
        told = ", ".join(f"{drift:g}: {r2:.3f}" for drift, r2 in zip(DRIFTS, mine, strict=True))
        yield f"{name}: {told}; the others choose {DRIFTS[int(np.argmax(others))]:g}"


def _at(of: Task, drift: float) -> Task:
    return replace(of, groups=tuple(replace(one, drift=drift) for one in of.groups))


def main() -> None:
    if sys.argv[1:] == ["drift"]:
        for told in drifts():
            sys.stdout.write(f"{told}\n")
        return
    for of in tasks():
        if len(sys.argv) < 2 or of.name in sys.argv[1:]:
            for line in lines(of):
                sys.stdout.write(f"| {' | '.join(line)} |\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
