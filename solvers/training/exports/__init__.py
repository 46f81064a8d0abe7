"""Formats that carry a training plan to a framework or a scheduler: pure functions from a result to files."""

from solvers.training.exports.formats import EXPORTS

__all__ = ["EXPORTS"]
