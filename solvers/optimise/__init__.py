"""Searches that are shared by the kinds: enumeration and Pareto fronts."""
