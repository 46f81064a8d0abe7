"""What runs must have before they can foretell anything, told where the spec is wrong."""

from collections.abc import Sequence

from solvers.errors import Problem, SpecError
from solvers.laws.fit.checks import check
from solvers.laws.loss import get
from solvers.scaling.given import GivenRuns


def problems_of_runs(runs: GivenRuns | None, laws: Sequence[str]) -> list[Problem]:
    """Why none of the laws can be fitted to the runs; nothing where one can be."""
    if runs is None:
        return []
    refused: list[Problem] = []
    for name in sorted(laws, key=lambda name: get(name).size):
        try:
            check(get(name), runs.imported.usable)
        except SpecError as error:
            refused = refused or [Problem(p.code, p.message, "/runs/csv", p.hint) for p in error.problems]
        else:
            return []
    return refused
