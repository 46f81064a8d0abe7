"""Fleet plans: the cheapest mix of GPU types, sizes and terms that carries all services within their latencies."""

from solvers.fleet.kind import KIND

__all__ = ["KIND"]
