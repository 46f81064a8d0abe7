"""Formats that carry a fleet plan to buyers, clusters and clouds: pure functions from a result to files."""

from solvers.fleet.exports.formats import EXPORTS

__all__ = ["EXPORTS"]
