"""How a conversation with a server goes wrong."""

from solvers.errors import IsoflopError, Problem


class Refused(IsoflopError):
    """The server understood and said no: the caller can mend it. `status` is the HTTP status."""

    def __init__(self, status: int, *problems: Problem) -> None:
        self.status = status
        super().__init__(*problems)


class Unreachable(IsoflopError):
    """No answer, or an answer that is the server's own fault."""
