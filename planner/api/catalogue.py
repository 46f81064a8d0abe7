"""`/catalogue`: what ships with Isoflop, and a project's own entries beside it."""

from http import HTTPStatus
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from ninja.responses import Status

from planner.api.auth import Caller, caller, needs
from planner.api.problem import Refusal, refuse
from planner.api.schemas import EntryAsked, EntryLine, EntryOut, EntryPage
from planner.models import CatalogueEntry, Role
from planner.models.catalogue import Section
from planner.services import catalogue as own
from solvers import catalogue
from solvers.errors import UnknownName, nearest

router = Router(tags=["catalogue"])

Project = Annotated[
    str, Query(max_length=60, description="Whose own entries are meant; a token's own project if left out.")
]


@router.get("", auth=needs(""), response=list[str], operation_id="list_sections")
def sections(request: HttpRequest) -> list[str]:  # noqa: ARG001 -- ninja passes it
    """List the catalogue's sections."""
    return list(catalogue.SECTIONS)


@router.get("/{section}", auth=needs(""), response=EntryPage, operation_id="list_entries")
def entries(request: HttpRequest, section: str, project: Project = "") -> EntryPage:
    """List a section: the project's own entries first, then those that ship with Isoflop."""
    _known(section)
    mine = [_own_line(entry) for entry in _own(caller(request), section, project)]
    shipped = [EntryLine(name=name, title=_title(section, name), own=False) for name in catalogue.names(section)]
    return EntryPage(items=mine + shipped)


@router.get("/{section}/{name}", auth=needs(""), response=EntryOut, operation_id="read_entry")
def read(request: HttpRequest, section: str, name: str, project: Project = "") -> EntryOut:
    """Read an entry with its sources, in the form in which specs and files write it."""
    _known(section)
    for entry in _own(caller(request), section, project):
        if own.plain(entry.name) == own.plain(name):
            return EntryOut(name=entry.name, section=section, own=True, document=entry.document)
    try:
        found = catalogue.get(section, name)
    except UnknownName as error:
        raise Refusal(HTTPStatus.NOT_FOUND, *error.problems) from None
    return EntryOut(name=found.name, section=section, own=False, document=catalogue.document(section, found.name))


@router.put("/{section}/{name}", auth=needs("catalogue:write"), response=EntryOut, operation_id="write_entry")
def save(request: HttpRequest, section: str, name: str, body: EntryAsked, project: Project = "") -> EntryOut:
    """Add an entry of the project's own, or replace the one of that name."""
    _known(section)
    who = caller(request)
    room = who.project(project, Role.EDITOR)
    entry = own.save(room, section, {**body.root, "name": name}, user=who.user)
    return EntryOut(name=entry.name, section=section, own=True, document=entry.document)


@router.delete("/{section}/{name}", auth=needs("catalogue:write"), response={204: None}, operation_id="delete_entry")
def delete(request: HttpRequest, section: str, name: str, project: Project = "") -> Status[None]:
    """Delete an entry of the project's own. Runs that used it keep what they used."""
    _known(section)
    who = caller(request)
    own.delete(who.project(project, Role.EDITOR), section, name, user=who.user)
    return Status(HTTPStatus.NO_CONTENT, None)


def _known(section: str) -> None:
    if section not in catalogue.SECTIONS:
        hint = nearest(section[:40], catalogue.SECTIONS)
        raise refuse(
            HTTPStatus.NOT_FOUND, "unknown_section", f"The catalogue has no section '{section[:40]}'.", hint=hint
        )


def _own(who: Caller, section: str, project: str) -> list[CatalogueEntry]:
    """The project's own entries; none where no project is meant, or where the section takes none."""
    named = project or (who.token is not None and who.token.project_id is not None)
    return own.entries(who.project(project), section) if named and section in Section.values else []


def _own_line(entry: CatalogueEntry) -> EntryLine:
    return EntryLine(name=entry.name, title=str(entry.document.get("title") or entry.name), own=True)


def _title(section: str, name: str) -> str:
    return str(getattr(catalogue.get(section, name), "title", "") or name)
