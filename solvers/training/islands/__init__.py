"""Clusters that are not uniform: islands of equal nodes, joined by a slower link."""
