"""Fits of laws to runs: the most likely parameters, how sure they are, and which runs they hang on."""

from solvers.laws.fit.bootstrap import bootstrap
from solvers.laws.fit.fit import Fitted, fit
from solvers.laws.fit.noise import Huber, Noise, Student

__all__ = ["Fitted", "Huber", "Noise", "Student", "bootstrap", "fit"]
