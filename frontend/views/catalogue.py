"""The catalogue: what ships with its sources, and what a team added of its own."""

from dataclasses import dataclass, replace
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from frontend import choosing, listings
from frontend.forms import fields, names, values
from frontend.views.scope import InProject, in_project
from planner.models import Project
from planner.models.catalogue import Section
from planner.services import catalogue as own
from planner.services.errors import Invalid, NotFound
from solvers import catalogue, documents
from solvers.documents import Document
from solvers.errors import Problem, SpecError, UnknownName

# A model is mostly pasted from its config.json; everything else is a handful of numbers.
WRITTEN_FIRST = "models"
SOURCE = ("title", "address", "date")


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """One section as a table."""
    section = request.GET.get("section", "gpus")
    _known(section)
    search = request.GET.get("search", "").strip()
    context = {
        "columns": listings.columns(section),
        "rows": listings.listed(project, section, search),
        "search": search,
    }
    return render(request, "catalogue/page.html", context | _frame(section))


@in_project("viewer")
def entry(request: InProject, project: Project, section: str, name: str) -> HttpResponse:
    """One record: its numbers, where they come from, how far to trust them."""
    _known(section)
    document, is_own = _document(project, section, name)
    context = {
        "name": name,
        "document": document,
        "own": is_own,
        "facts": listings.size(section, own.resolve(project, document)) + listings.facts(section, document),
        "machines": listings.machines(section, document),
        "sources": listings.sources(document),
        "text": documents.dump_yaml(document),
    }
    return render(request, "catalogue/entry.html", context | _frame(section))


@in_project("editor")
def new(request: InProject, project: Project, section: str) -> HttpResponse:
    """A record of the team's own, empty or started from another."""
    _editable(section)
    start = request.GET.get("from", "")
    document = _copied(_document(project, section, start)[0], start) if start else {}
    return _edit(request, project, section, document)


@in_project("editor")
def edit(request: InProject, project: Project, section: str, name: str) -> HttpResponse:
    """Change one of the team's own records."""
    _editable(section)
    return _edit(request, project, section, own.entry(project, section, name).document, name=name)


@require_POST
@in_project("editor")
def delete(request: InProject, project: Project, section: str, name: str) -> HttpResponse:
    """Delete one; plans that used it keep what they used."""
    _editable(section)
    own.delete(project, section, name, user=request.user)
    messages.success(request, f"{name} was deleted. Plans that used it keep its numbers.")
    return redirect(f"{reverse('catalogue', args=[project.slug])}?section={section}")


def _edit(request: InProject, project: Project, section: str, document: Document, *, name: str = "") -> HttpResponse:
    draft = Draft(document, text=_text(document), as_text=_as_text(request, section, document))
    if request.method == "POST":
        draft = _draft(request, project, section, document)
        try:
            saved = own.save(project, section, draft.read(), user=request.user)
        except (SpecError, Invalid) as error:
            draft = replace(draft, problems=error.problems)
        else:
            return _saved(request, project, section, saved.name, was=name)
    bound = values.bind(_fields(section), draft.document, draft.problems)
    problems = draft.problems if draft.as_text else values.unplaced(bound, draft.problems)
    context = {
        "name": name,
        "draft": draft,
        "bound": bound,
        "lists": {chosen: choosing.choices(project, chosen) for chosen in names.sections(bound)},
        "problems": problems,
        "source": _first_source(draft.document),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if draft.problems else HTTPStatus.OK
    return render(request, "catalogue/edit.html", context | _frame(section), status=status)


@dataclass(frozen=True)
class Draft:
    """A record being written, as text or through the form."""

    document: Document
    text: str
    as_text: bool
    name: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def called(self) -> str:
        """The name as it stands in its field."""
        return self.name or str(self.document.get("name", ""))

    def read(self) -> Document:
        """The document to save; SpecError where the text is none."""
        if not self.as_text:
            return self.document
        return documents.read(self.text) | ({"name": self.name} if self.name else {})


def _draft(request: InProject, project: Project, section: str, before: Document) -> Draft:
    if "text" in request.POST:
        return Draft(before, text=request.POST["text"], as_text=True, name=request.POST.get("name", "").strip())
    document = values.document_from(request.POST, _fields(section), before, choosing.starter(project))
    source = {key: text for key in SOURCE if (text := request.POST.get(f"source-{key}", "").strip())}
    document = {key: value for key, value in document.items() if key != "source"} | (
        {"source": source} if source else {}
    )
    return Draft(document, text=_text(document), as_text=False)


def _saved(request: InProject, project: Project, section: str, name: str, *, was: str) -> HttpResponse:
    if was and was != name:
        own.delete(project, section, was, user=request.user)
    messages.success(request, f"{name} is saved. Specs of this project can name it.")
    return redirect("catalogue-entry", project.slug, section, name)


def _fields(section: str) -> tuple[fields.Field, ...]:
    tree = fields.fields(catalogue.SECTIONS[section].model_json_schema(), hidden=())
    return tuple(field for field in tree if field.at != "/source")


def _first_source(document: Document) -> Document:
    given = document.get("source") or {}
    return given if isinstance(given, dict) else given[0]


def _as_text(request: InProject, section: str, document: Document) -> bool:
    known = set(catalogue.SECTIONS[section].model_json_schema()["properties"])
    usual = section == WRITTEN_FIRST or not document.keys() <= known
    return request.GET.get("as", "text" if usual else "form") == "text"


def _text(document: Document) -> str:
    return documents.dump_yaml(document) if document else ""


def _copied(document: Document, name: str) -> Document:
    """The same numbers under a name of the team's own; what it is also called stays with the original."""
    return {**{key: value for key, value in document.items() if key != "aliases"}, "name": f"our-{name}"}


def _document(project: Project, section: str, name: str) -> tuple[Document, bool]:
    """The record's document, and whether it is the project's own."""
    try:
        return own.entry(project, section, name).document, True
    except NotFound:
        pass
    try:
        return catalogue.document(section, name), False
    except UnknownName as error:
        raise Http404(str(error)) from error


def _known(section: str) -> None:
    if section not in catalogue.SECTIONS:
        raise Http404(f"there is no section {section}")


def _editable(section: str) -> None:
    if section not in Section.values:
        raise Http404(f"section {section} cannot be added to")


def _frame(section: str) -> dict[str, object]:
    return {
        "section": section,
        "section_title": listings.TITLES[section],
        "sections": listings.TITLES.items(),
        "editable": section in Section.values,
    }
