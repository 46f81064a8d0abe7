"""What a job may take, from what its recipe says."""

from typing import Any

from solvers import recipes
from solvers.documents import Document

# Recipes say what a slow machine takes. A job may take three times that, and the time to load torch from a cold disk.
TIMES, START_S = 3.0, 120.0
# The share of the host's memory that a job may hold; the rest is the system's and the agent's.
SHARE = 0.8


def processes(name: str, params: Document) -> int:
    """How many processes the recipe runs with these parameters."""
    recipe = recipes.get(name)
    return recipe.processes(recipe.parse(params))


def limits(seconds: float, *, host_bytes: float) -> dict[str, Any]:
    """The limits of a job that should take `seconds` on a host of that much memory."""
    return {"wall_s": round(START_S + TIMES * seconds, 1), "memory_bytes": int(SHARE * host_bytes)}
