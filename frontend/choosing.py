"""What the fields of a form may name in a project: its own records first, then the catalogue's."""

from frontend.forms import names, values
from planner.models import Project
from planner.services import catalogue
from solvers.documents import Document


def choices(project: Project, section: str) -> list[names.Name]:
    """The names of a catalogue section that a spec of this project can use."""
    own = [names.Name(entry.name, f"{project.name}'s own") for entry in catalogue.entries(project, section)]
    return [*own, *names.listed(section)]


def starter(project: Project) -> values.Start:
    """Finds the document to start from when a field is to be described instead of named."""

    def start(section: str, name: str) -> Document | None:
        own = {entry.name: entry.document for entry in catalogue.entries(project, section)}
        return own.get(name) or names.start(section, name)

    return start
