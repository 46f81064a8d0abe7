"""What a job asks of a node, from what its recipe says."""

from typing import Any

from solvers import recipes
from solvers.documents import Document

# Recipes say what a slow machine takes. A job may take three times that, and the time to load torch from a cold disk.
TIMES, START_S = 3.0, 120.0
# The share of the host's memory that a job may hold; the rest is the system's and the agent's.
SHARE = 0.8


def terms(name: str, version: int, params: Document, *, host_bytes: float) -> dict[str, Any]:
    """How many processes the recipe starts with these parameters, and the limits, on such a host."""
    recipe = recipes.get(name, version)
    parsed = recipe.parse(params)
    wall_s = round(START_S + TIMES * recipe.seconds(parsed), 1)
    limits = {"wall_s": wall_s, "memory_bytes": int(SHARE * host_bytes)}
    return {"processes": recipe.needs(parsed).processes, "limits": limits}
