"""What runs must have before they can foretell anything, told where the spec is wrong."""

from collections import Counter
from collections.abc import Sequence

from solvers.errors import Problem, SpecError
from solvers.laws.fit.checks import check
from solvers.laws.loss import get
from solvers.scaling.given import GivenRuns
from solvers.scaling.runs.read import UNUSABLE
from solvers.units import many


def problems_of_runs(runs: GivenRuns | None, laws: Sequence[str]) -> list[Problem]:
    """Why none of the laws can be fitted to the runs; nothing where one can be."""
    if runs is None:
        return []
    refused: list[Problem] = []
    for name in sorted(laws, key=lambda name: get(name).size):
        try:
            check(get(name), runs.imported.usable)
        except SpecError as error:
            refused = refused or [
                Problem(p.code, f"{p.message}{_left_out(runs)}", "/runs/csv", p.hint) for p in error.problems
            ]
        else:
            return []
    return refused


def _left_out(runs: GivenRuns) -> str:
    """` 14 of 15 runs were left out: diverged 14.`; nothing where all count."""
    first = {flag.run: flag.code for flag in reversed(runs.imported.flags) if flag.code in UNUSABLE}
    if not first:
        return ""
    codes = ", ".join(f"{code.replace('_', ' ')} {times}" for code, times in sorted(Counter(first.values()).items()))
    verb = "was" if len(first) == 1 else "were"
    return f" {len(first)} of {many(len(runs.imported.runs), 'run')} {verb} left out: {codes}."
