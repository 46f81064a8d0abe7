"""What to train, for how long and with which hyper-parameters: runs that were made, and what they foretell."""

from solvers.scaling.kind import KIND

__all__ = ["KIND"]
