"""What can go wrong with the processes and files of this machine."""

from typing import Never

from solvers.errors import IsoflopError, Problem


class LocalError(IsoflopError):
    """This machine, its files or its processes are not as they must be; the hint says what to do."""


def fail(code: str, message: str, *, hint: str = "") -> Never:
    """Stop with one problem."""
    raise LocalError(Problem(code, message, hint=hint))
