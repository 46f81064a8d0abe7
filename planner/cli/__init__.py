"""The `isoflop` command. stdout is data, stderr is progress and problems; nothing of Django is imported here."""

from planner.cli.app import main

__all__ = ["main"]
