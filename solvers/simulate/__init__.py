"""Simulations that are shared by the kinds: here the schedules of a training pipeline, operation by operation."""
