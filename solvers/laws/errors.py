"""What can be wrong with runs; `at` points into them: "/3/loss" is the loss of the fourth run, "/loss_unit" of all."""

from solvers.errors import SpecError


class BadRuns(SpecError):
    """Runs that no law can honestly be fitted to."""
