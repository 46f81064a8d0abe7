"""The project's runs, found again: pages by keyset, facets, and runs side by side."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import F, Func, Q, QuerySet, TextField

from planner.models import Project, Run, State
from planner.services import cursors
from planner.services.comparison import compare
from planner.services.errors import invalid, not_found

__all__ = ["Facets", "Page", "compare", "facets", "page", "run", "run_of"]

SORTS = {"-created": ("created", True), "created": ("created", False), "name": ("name", False), "-name": ("name", True)}
MOST = 200
# Beyond this, counting costs more than knowing; the label then ends with a plus.
COUNTED = 10_000
HEX_ID = re.compile("[0-9a-f]{4,32}")


@dataclass(frozen=True)
class Page:
    """Some rows, the cursor of the next page ("" at the end), and how many there are in all ("10,000+" if many)."""

    rows: list[Run]
    next_cursor: str
    total_label: str

    @property
    def under_way(self) -> bool:
        """Whether some row will still change."""
        return any(row.under_way for row in self.rows)


@dataclass(frozen=True)
class Facets:
    """What there is to filter by."""

    kinds: list[str]
    states: list[str]
    tags: list[str]
    owners: list[str]


def page(
    project: Project,
    *,
    kind: str = "",
    state: str = "",
    search: str = "",
    tag: str = "",
    owner: str = "",
    sort: str = "-created",
    cursor: str = "",
    limit: int = 50,
) -> Page:
    """The runs that match, `limit` at a time. `search` finds names, tags and the beginning of a run's id."""
    if sort not in SORTS:
        raise invalid("sort", f"There is no order '{sort[:20]}'.", hint=f"Orders: {', '.join(SORTS)}.")
    if not 1 <= limit <= MOST:
        raise invalid("limit", f"A page has 1 to {MOST} rows.")
    runs = _filtered(project, kind=kind, state=state, search=search, tag=tag, owner=owner)
    field, falling = SORTS[sort]
    order = [f"-{field}", "-id"] if falling else [field, "id"]
    rows = list(_after(runs, field, cursor, falling=falling).select_related("created_by").order_by(*order)[: limit + 1])
    more = len(rows) > limit
    return Page(rows[:limit], _cursor(rows[limit - 1], field) if more else "", _total(runs))


def run(project: Project, run_id: UUID | str) -> Run:
    """The project's run with this id, its result beside it; NotFound otherwise."""
    return _one(Run.objects.filter(project=project), run_id)


def run_of(user: User, run_id: UUID | str) -> Run:
    """The run with this id in any of the user's projects; NotFound otherwise."""
    return _one(Run.objects.filter(project__memberships__user=user), run_id)


def facets(project: Project) -> Facets:
    """The kinds, states, tags and owners that the project's runs have."""
    runs = Run.objects.filter(project=project).order_by()
    tags = runs.annotate(tag=Func(F("tags"), function="unnest", output_field=TextField())).values_list("tag", flat=True)
    states = set(runs.values_list("state", flat=True).distinct())
    return Facets(
        kinds=sorted(runs.values_list("kind", flat=True).distinct()),
        states=[state for state in State.values if state in states],
        tags=sorted(tags.distinct()),
        owners=sorted(runs.values_list("created_by__username", flat=True).distinct()),
    )


def _one(runs: QuerySet[Run], run_id: UUID | str) -> Run:
    try:
        found = runs.filter(id=run_id).select_related("project", "created_by", "result", "forecast").first()
    except ValidationError:
        found = None
    if found is None:
        raise not_found("run")
    return found


def _filtered(project: Project, *, kind: str, state: str, search: str, tag: str, owner: str) -> QuerySet[Run]:
    runs = Run.objects.filter(project=project)
    if kind:
        runs = runs.filter(kind=kind)
    if state:
        runs = runs.filter(state=state)
    if tag:
        runs = runs.filter(tags__contains=[tag])
    if owner:
        runs = runs.filter(created_by__username=owner)
    return runs.filter(_matching(search.replace("\x00", ""))) if search.strip() else runs


def _matching(search: str) -> Q:
    """Names by any part, tags whole, ids by their beginning."""
    word = search.strip()
    found = Q(name__icontains=word) | Q(tags__contains=[word])
    digits = word.lower().replace("-", "")
    if HEX_ID.fullmatch(digits):
        found |= Q(id__gte=UUID(digits.ljust(32, "0")), id__lte=UUID(digits.ljust(32, "f")))
    return found


def _after(runs: QuerySet[Run], field: str, cursor: str, *, falling: bool) -> QuerySet[Run]:
    if not cursor:
        return runs
    value, last = _position(cursor, field)
    beyond = "lt" if falling else "gt"
    return runs.filter(Q(**{f"{field}__{beyond}": value}) | Q(**{field: value, f"id__{beyond}": last}))


def _cursor(run: Run, field: str) -> str:
    return cursors.write(field, run.created.isoformat() if field == "created" else run.name, run.id)


def _position(cursor: str, field: str) -> tuple[datetime | str, UUID]:
    value, last = cursors.read(cursor, field)
    try:
        return (datetime.fromisoformat(value) if field == "created" else value), last
    except ValueError:
        raise cursors.foreign() from None


def _total(runs: QuerySet[Run]) -> str:
    count = runs.order_by()[: COUNTED + 1].count()
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"
