"""What can go wrong on a node."""

from typing import Never

from solvers.errors import IsoflopError, Problem


class NodeError(IsoflopError):
    """This node cannot join or go on; the hint says what to do."""


class Untrusted(IsoflopError):
    """An offer that the server did not sign for this node, that has expired, or that asks for what no recipe is."""


def fail(code: str, message: str, *, hint: str = "") -> Never:
    """Stop with one problem."""
    raise NodeError(Problem(code, message, hint=hint))


NO_TORCH = Problem(
    "no_torch",
    "PyTorch is not installed here, and nothing can be measured without it: this node gets no jobs.",
    "",
    "pip install 'isoflop[node]'; on a machine with GPUs install torch for their CUDA first.",
)
