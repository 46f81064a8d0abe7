"""The plans of a project: searched, filtered, sorted and paged, with all of that in the address."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from frontend.views.scope import InProject, in_project
from planner.models import Project, State
from planner.services import comparison, history
from planner.services.errors import Invalid

FILTERS = ("search", "state", "kind", "tag", "owner")
SORTS = (("-created", "newest first"), ("created", "oldest first"), ("name", "name, A to Z"), ("-name", "name, Z to A"))


@dataclass(frozen=True)
class Question:
    """What the address asks for. `picked` are the runs ticked for comparison, on this page or another."""

    filters: dict[str, str]
    sort: str
    cursor: str
    picked: tuple[str, ...]

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the list."""
        return any(self.filters.values())

    def address(self, **changes: str) -> str:
        """The query of the same question with something changed; what is empty or usual is left out."""
        asked = {**self.filters, "sort": self.sort if self.sort != SORTS[0][0] else "", "cursor": self.cursor}
        asked |= {"picked": ",".join(self.picked)} | changes
        return "?" + urlencode({name: value for name, value in asked.items() if value})


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """One page of the history."""
    question = _question(request.GET)
    context = {"question": question, "states": State.choices, "sorts": SORTS, "facets": history.facets(project)}
    try:
        found = _found(project, question)
    except Invalid as error:
        return render(request, "history/page.html", {**context, "problems": error.problems}, status=400)
    links = {"first": question.address(cursor=""), "next": question.address(cursor=found.next_cursor or "")}
    under_way = any(run.under_way for run in found.rows)
    return render(request, "history/page.html", {**context, "page": found, "under_way": under_way, "links": links})


def _found(project: Project, asked: Question) -> history.Page:
    search, state, kind, tag, owner = (asked.filters[name] for name in FILTERS)
    return history.page(
        project, search=search, state=state, kind=kind, tag=tag, owner=owner, sort=asked.sort, cursor=asked.cursor
    )


def _question(asked: QueryDict) -> Question:
    filters = {name: asked.get(name, "").strip() for name in FILTERS}
    sort = asked.get("sort") or SORTS[0][0]
    return Question(filters=filters, sort=sort, cursor=asked.get("cursor", ""), picked=ids(asked.getlist("picked")))


def ids(given: list[str]) -> tuple[str, ...]:
    """Run ids out of `a,b` and repeated parameters: in order, each once, without what is no id."""
    words = [word.strip() for part in given for word in part.split(",")]
    return tuple(dict.fromkeys(str(UUID(word)) for word in words if _is_id(word)))[: comparison.MOST]


def _is_id(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True
