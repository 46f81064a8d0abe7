"""Serving plans: how many replicas, in which layout, carry the traffic within its latencies, and what they cost."""

from solvers.serving.kind import KIND

__all__ = ["KIND"]
