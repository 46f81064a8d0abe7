"""Pure planning: documents in, documents out. No Django, no clock, no environment, no network."""

__version__ = "0.1.0"
