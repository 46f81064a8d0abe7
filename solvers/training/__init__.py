"""Training plans: which parallel layout trains a model fastest, what it costs and what binds."""

from solvers.training.solve import KIND

__all__ = ["KIND"]
