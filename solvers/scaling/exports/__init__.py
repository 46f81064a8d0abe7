"""Formats that carry a ladder of small runs to tables, sweeps, schedulers and frameworks: pure, result to files."""

from solvers.scaling.exports.formats import EXPORTS

__all__ = ["EXPORTS"]
