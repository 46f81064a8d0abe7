"""What runs must have before a law is fitted to them; each refusal says which run or what is lacking."""

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.law import Law, Runs

# Losses or inputs that are named one by one, before the rest are only counted.
NAMED = 5
# Computes that differ by less than this factor are one level.
ONE_LEVEL = 1.05


def check(law: Law, runs: Runs, *, weights: NDArray[np.float64] | None = None) -> None:
    """BadRuns lists everything that keeps the law from being fitted; runs of no weight do not count."""
    problems = _lacking(law, runs) or _not_positive(law, runs)
    law = law.base or law
    if not problems:
        counted = runs if weights is None else runs.take(weights > 0.0)
        problems = _too_few(law, counted) or [*_constant(law, counted), *_same_loss(counted), *_one_level(law, counted)]
    if problems:
        raise BadRuns(*problems)


def _lacking(law: Law, runs: Runs) -> list[Problem]:
    wanted = [one for one in law.inputs if one.name not in runs.inputs]
    return [
        Problem(
            "missing",
            f"The {law.title} law needs {one.title}, and the runs do not say it.",
            f"/{one.name}",
            "Name its column, or ask for a law without it.",
        )
        for one in wanted
    ]


def _not_positive(law: Law, runs: Runs) -> list[Problem]:
    columns = {"loss": runs.loss, **{one.name: runs.inputs[one.name] for one in law.inputs}}
    found = [problem for name, values in columns.items() for problem in _bad_values(name, values)]
    return found or [
        Problem(
            "below_one", f"Run {place + 1} has {one.title} of {runs.inputs[one.name][place]:g}.", at, "Count from 1."
        )
        for one in law.inputs
        if one.absolute
        for place in np.flatnonzero(runs.inputs[one.name] < 1.0)[:NAMED]
        for at in [f"/{place}/{one.name}"]
    ]


def _bad_values(name: str, values: NDArray[np.float64]) -> list[Problem]:
    places = np.flatnonzero(~(np.isfinite(values) & (values > 0.0)))
    hint = "Leave the run out; a diverged run says nothing of the law." if name == "loss" else "Give its plain number."
    found = [
        Problem("not_positive", f"Run {place + 1} has a {name} of {values[place]:g}.", f"/{place}/{name}", hint)
        for place in places[:NAMED]
    ]
    if len(places) > NAMED:
        left = len(places) - NAMED
        more = "Another run has" if left == 1 else f"{left:,} more runs have"
        found.append(Problem("not_positive", f"{more} no usable {name}.", "", hint))
    return found


def _too_few(law: Law, runs: Runs) -> list[Problem]:
    different = len(np.unique(np.stack([runs.inputs[one.name] for one in law.inputs]), axis=1).T)
    if different >= law.size:
        return []
    there = "there is only one different run" if different == 1 else f"there are {different} different runs"
    message = f"The {law.title} law has {law.size} parameters and {there}."
    return [Problem("too_few_runs", message, "", "Give more runs, or ask for a law with fewer parameters.")]


def _constant(law: Law, runs: Runs) -> list[Problem]:
    return [
        Problem(
            "constant_input",
            f"All runs have the same {_inside(one.title)}, so nothing says how the loss depends on it.",
            f"/{one.name}",
            "Add runs where it differs, or ask for a law without it.",
        )
        for one in law.inputs
        if np.ptp(runs.inputs[one.name]) == 0.0
    ]


def _inside(title: str) -> str:
    """A title within a sentence."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def _same_loss(runs: Runs) -> list[Problem]:
    if len(runs) < 2 or np.ptp(runs.loss) > 0.0:
        return []
    message = f"All {len(runs)} runs have the same loss, {runs.loss[0]:.4g}: nothing says what it depends on."
    return [Problem("constant_loss", message, "/loss", "Check which column is the loss.")]


def _one_level(law: Law, runs: Runs) -> list[Problem]:
    if not {"params", "tokens"} <= {one.name for one in law.inputs}:
        return []
    if runs.flops.max() / runs.flops.min() >= ONE_LEVEL:
        return []
    message = f"All runs spend the same compute, {runs.flops.mean():.3g} FLOP: what more compute buys cannot be seen."
    return [Problem("one_compute_level", message, "", "Add runs of at least two other levels of compute.")]
