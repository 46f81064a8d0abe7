"""What runs must have before they can foretell anything, told where the spec is wrong."""

from collections import Counter
from collections.abc import Sequence

from solvers.errors import Problem, SpecError
from solvers.laws.fit.checks import check
from solvers.laws.law import Runs
from solvers.laws.loss import get
from solvers.scaling.forecast.kinds import of_tokens, seen_by, setting_of, with_kinds
from solvers.scaling.given import GivenRuns
from solvers.scaling.runs.read import UNUSABLE
from solvers.scaling.target import Target
from solvers.units import many


def problems_of_runs(runs: GivenRuns | None, target: Target, laws: Sequence[str]) -> list[Problem]:
    """Why none of the laws can be fitted to the runs, or be asked about the target; nothing where one can be."""
    if runs is None:
        return _of_no_runs(laws)
    known, _ = with_kinds(runs.imported.usable, setting_of(runs.imported.usable, target))
    asked = seen_by(laws, known)
    return _not_fitted(runs, known, asked) or _of_one_length(asked, target)


def _of_no_runs(laws: Sequence[str]) -> list[Problem]:
    """Laws of anything but parameters and tokens, without runs that say it."""
    unseen = [name for name in laws if not {one.name for one in get(name).inputs} <= {"params", "tokens"}]
    return [
        Problem("missing", f"The law '{name}' says nothing before there are runs.", "/options/laws", "Leave it out.")
        for name in unseen
    ]


def _of_one_length(laws: Sequence[str], target: Target) -> list[Problem]:
    """A size that is to be found by laws that do not know what more tokens do."""
    if target.given or any(of_tokens(name) for name in laws):
        return []
    message = "These laws are of one length of training: they cannot say how compute is best split."
    return [Problem("missing", message, "/target", "Give `params` and `tokens`, or runs of several lengths.")]


def _not_fitted(runs: GivenRuns, known: Runs, laws: Sequence[str]) -> list[Problem]:
    refused: list[Problem] = []
    for name in sorted(laws, key=lambda name: get(name).size):
        try:
            check(get(name), known)
        except SpecError as error:
            refused = refused or [
                Problem(p.code, f"{p.message}{_left_out(runs)}", "/runs/csv", _hint(p, runs, get(name).size))
                for p in error.problems
            ]
        else:
            return []
    return refused


def _hint(problem: Problem, runs: GivenRuns, size: int) -> str:
    """What to do about it: many runs that seem to have diverged were more likely misread."""
    unlikely = [warning.hint for warning in runs.imported.warnings if warning.code == "runs_diverged" and warning.hint]
    if problem.code != "too_few_runs" or unlikely:
        return unlikely[0] if unlikely else problem.hint
    return f"Give {size} or more runs of several sizes and lengths, or leave `runs` out to plan a first ladder."


def _left_out(runs: GivenRuns) -> str:
    """` 14 of 15 runs were left out: diverged 14.`; nothing where all count."""
    first = {flag.run: flag.code for flag in reversed(runs.imported.flags) if flag.code in UNUSABLE}
    if not first:
        return ""
    codes = ", ".join(f"{code.replace('_', ' ')} {times}" for code, times in sorted(Counter(first.values()).items()))
    verb = "was" if len(first) == 1 else "were"
    return f" {len(first)} of {many(len(runs.imported.runs), 'run')} {verb} left out: {codes}."
