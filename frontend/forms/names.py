"""Names that a field of a catalogue section accepts, and the document to start from when describing one's own."""

from collections.abc import Iterable
from dataclasses import dataclass

from frontend.forms.values import Bound
from solvers import catalogue
from solvers.documents import Document
from solvers.errors import IsoflopError

NOT_PART_OF_IT = ("source", "trust", "aliases")


@dataclass(frozen=True)
class Name:
    """An entry of a searchable list."""

    value: str
    title: str


def sections(tree: Iterable[Bound]) -> tuple[str, ...]:
    """The catalogue sections that the visible fields choose from."""
    found: dict[str, None] = {}
    for bound in tree:
        if bound.field.catalogue:
            found[bound.field.catalogue] = None
        found |= dict.fromkeys(sections(bound.children))
    return tuple(found)


def listed(section: str) -> tuple[Name, ...]:
    """The built-in names of a section."""
    return tuple(
        Name(name, str(catalogue.document(section, name).get("title", ""))) for name in catalogue.names(section)
    )


def start(section: str, name: str) -> Document | None:
    """The built-in document of that name without its sources, to change what differs; None if there is none."""
    try:
        found = catalogue.document(section, name)
    except IsoflopError:
        return None
    return {key: value for key, value in found.items() if key not in NOT_PART_OF_IT}
