"""A training search in words: why layouts were ruled out, and by how much the nearest one misses."""

from frontend.figures.base import Nearest
from solvers import units
from solvers.cost.stage import PART_WORDS
from solvers.documents import Document

MEMORY = "memory: "


def reason(name: str) -> str:
    """A reason for rejection as the end of `78,440 ...`."""
    what = name.removeprefix(MEMORY)
    if what == name:
        return name
    return f"need too much memory{f', most of it for {PART_WORDS[what]}' if what in PART_WORDS else f': {what}'}"


def binding(name: str) -> str:
    """What binds, as a line of its own."""
    if name.startswith(MEMORY):
        return f"Memory, most of it for {PART_WORDS[name.removeprefix(MEMORY)]}"
    return name.replace("_", " ").capitalize()


def nearest(document: Document) -> Nearest:
    """The layout that needs least, and each limit it breaks."""
    needs = document["needs"]
    facts = _limits(needs) if isinstance(needs, list) else _memory(needs)
    return Nearest(document["plan"]["label"], facts)


def _memory(needs: Document) -> tuple[tuple[str, str], ...]:
    return (
        ("Needs", units.show(needs["memory_bytes"], units.SIZE)),
        ("May use", units.show(needs["usable_bytes"], units.SIZE)),
        ("On", f"stage {needs['stage']}, most of it for {PART_WORDS[needs['part']]}"),
    )


def _limits(needs: list[Document]) -> tuple[tuple[str, str], ...]:
    return tuple((need["constraint"].replace("_", " ").capitalize(), need["message"]) for need in needs)
