"""What a service refuses, in the error tree of `solvers.errors`.

    IsoflopError
    |-- NotFound               it does not exist, or not for you
    |-- Forbidden              you see it, and your role is too small
    |-- Unauthenticated        a secret that opens nothing
    |-- Conflict               it clashes with what is there
    |   |-- IdempotencyConflict
    |   `-- LeaseLost          a node speaks of a job that is no longer, or never was, its own
    `-- Invalid                a value that no document holds: a name, a role, a scope

NotFound and Forbidden are Django's own exceptions too, so that a page needs no code to answer 404 and 403.
"""

from django.core.exceptions import PermissionDenied
from django.http import Http404

from solvers.errors import IsoflopError, Problem


class NotFound(IsoflopError, Http404):
    """There is none, or none that this user may see."""


class Forbidden(IsoflopError, PermissionDenied):
    """The user's role does not reach."""


class Unauthenticated(IsoflopError):
    """A secret that is wrong, used up or past its time."""


class Conflict(IsoflopError):
    """It clashes with what is there."""


class IdempotencyConflict(Conflict):
    """The same Idempotency-Key came before with another body."""


class LeaseLost(Conflict):
    """The job is not this node's under this fence; what it sent changed nothing."""


class Invalid(IsoflopError):
    """A value outside of a document is wrong."""


def not_found(what: str) -> NotFound:
    """One sentence for missing and for hidden, so that nothing can be learned from the difference."""
    hint = "It may belong to a project of which you are no member."
    return NotFound(Problem("not_found", f"There is no such {what}.", "", hint))


def invalid(code: str, message: str, *, at: str = "", hint: str = "") -> Invalid:
    return Invalid(Problem(code, message, at, hint))
