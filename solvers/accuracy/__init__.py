"""How far each kind's answers are from what was measured: documents that ship, computed where the measurements are."""

from solvers.accuracy.document import Accuracy
from solvers.accuracy.shipped import document, documents

__all__ = ["Accuracy", "document", "documents"]
