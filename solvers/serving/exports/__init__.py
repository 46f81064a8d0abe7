"""Formats that carry a serving plan to an engine or a cluster: pure functions from a result to files."""

from solvers.serving.exports.formats import EXPORTS

__all__ = ["EXPORTS"]
