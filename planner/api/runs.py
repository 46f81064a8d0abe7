"""`/runs`: ask for a plan, watch it, cancel it, list what was asked before."""

from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.responses import Status
from pydantic import BaseModel, ConfigDict, Field

from planner.api import waiting
from planner.api.auth import caller, needs
from planner.api.body import spec_document
from planner.api.conditional import held, respond
from planner.api.problem import refuse
from planner.api.schemas import AnnotationAsked, RunAsked, RunOut, RunPage, run_line, run_out
from planner.api.visible import run as visible
from planner.models import Role, Run, Source, State
from planner.services import history, runs
from solvers import kinds
from solvers.errors import nearest

router = Router(tags=["runs"])

RETRY_AFTER_S = "1"


class Filters(BaseModel):
    """Which runs a list shows. Everything is in the address, so that a list can be shared."""

    model_config = ConfigDict(extra="forbid")

    project: str = Field("", max_length=60, description="The project's slug; a token's own project if left out.")
    kind: str = Field("", max_length=40)
    state: Literal["", *State.values] = ""  # type: ignore[valid-type]  # the one list of states
    tag: str = Field("", max_length=40)
    owner: str = Field("", max_length=150, description="Name of the user who asked.")
    search: str = Field("", max_length=200, description="Part of the name.")
    sort: Literal["-created", "created", "name", "-name"] = "-created"
    cursor: str = Field("", max_length=500, description="`next_cursor` of the page before.")
    limit: int = Field(50, ge=1, le=200)


@router.post("", auth=needs("runs:write"), response={202: RunOut, 200: RunOut}, operation_id="submit_run")
def submit(
    request: HttpRequest,
    response: HttpResponse,
    body: RunAsked,
    project: Annotated[str, Query(max_length=60, description="Instead of `project` in the body.")] = "",
    *,
    fresh: Annotated[bool, Query(description="Instead of `fresh` in the body.")] = False,
) -> Status[RunOut]:
    """Ask for a plan.

    202: the run is queued; Location says where to watch it. 200 with `X-Isoflop-Cache: hit`: the same spec was solved
    before, and this is that run. `Idempotency-Key` makes a repeated request answer with the same run for a day.
    """
    who = caller(request)
    submission = runs.submit(
        who.project(body.project or project, Role.EDITOR),
        spec_document(body.spec),
        user=who.user,
        fresh=body.fresh or fresh,
        idempotency_key=request.headers.get("Idempotency-Key"),
        source=Source.CLI if request.headers.get("X-Isoflop-Source") == "cli" else Source.API,
        text=body.spec if isinstance(body.spec, str) else "",
    )
    run = submission.run
    response["Location"] = f"/api/v1/runs/{run.id}"
    response["X-Isoflop-Cache"] = "hit" if submission.cached else "miss"
    if not submission.cached:
        response["Retry-After"] = RETRY_AFTER_S
    return Status(HTTPStatus.OK if submission.cached else HTTPStatus.ACCEPTED, run_out(run))


@router.get("", auth=needs("runs:read"), response=RunPage, operation_id="list_runs")
def list_(request: HttpRequest, response: HttpResponse, asked: Query[Filters]) -> RunPage:
    """List a project's runs. The next page is in `Link: <...>; rel="next"` and in `next_cursor`."""
    _known(request)
    project = caller(request).project(asked.project)
    page = history.page(project, **asked.model_dump(exclude={"project"}))
    for run in page.rows:
        run.project = project
    if page.next_cursor:
        query = urlencode({**asked.model_dump(exclude_defaults=True), "cursor": page.next_cursor})
        response["Link"] = f'</api/v1/runs?{query}>; rel="next"'
    return RunPage(items=[run_line(run) for run in page.rows], next_cursor=page.next_cursor)


@router.get("/{uuid:run_id}", auth=needs("runs:read"), response=RunOut, operation_id="read_run")
def read(
    request: HttpRequest,
    run_id: UUID,
    wait: Annotated[float, Query(ge=0, le=waiting.LONGEST_S, description="Seconds to wait for news.")] = 0.0,
) -> HttpResponse:
    """Read a run, with an ETag.

    `wait` holds the answer back until the run has ended, or, with `If-None-Match`, until it differs from that ETag;
    304 when nothing happened. A server with many watchers may answer earlier.
    """
    who = caller(request)

    def look() -> Run:
        return visible(who, run_id)

    run = waiting.until_news(look, held=held(request), seconds=wait)
    headers = [("Retry-After", RETRY_AFTER_S)] if run.under_way else []
    body = run_out(run).model_dump_json()
    return respond(request, body, tag=waiting.tag(run), media_type="application/json", headers=headers)


@router.patch("/{uuid:run_id}", auth=needs("runs:write"), response=RunOut, operation_id="annotate_run")
def annotate(request: HttpRequest, run_id: UUID, body: AnnotationAsked) -> RunOut:
    """Change a run's name or tags."""
    who = caller(request)
    run = visible(who, run_id)
    return run_out(runs.annotate(run, user=who.user, name=body.name, tags=body.tags))


@router.post("/{uuid:run_id}/cancel", auth=needs("runs:write"), response=RunOut, operation_id="cancel_run")
def cancel(request: HttpRequest, run_id: UUID) -> RunOut:
    """Cancel a run: a queued one ends at once, a running one within seconds; one that has ended stays as it is."""
    who = caller(request)
    return run_out(runs.cancel(visible(who, run_id), user=who.user))


def _known(request: HttpRequest) -> None:
    """Refuses a filter or a kind that does not exist: a typing mistake must not list everything, or nothing."""
    for name in request.GET:
        if name not in Filters.model_fields:
            hint = nearest(name[:40], Filters.model_fields)
            message = f"There is no filter called '{name[:40]}'."
            raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown_filter", message, at=f"/{name[:40]}", hint=hint)
    if kind := request.GET.get("kind"):
        kinds.get(kind)
