"""`/jobs`: ask for a measurement, watch it, cancel it."""

from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.responses import Status
from pydantic import BaseModel, ConfigDict, Field

from planner.api.auth import caller, needs
from planner.api.node_schemas import JobAsked, JobOut, JobPage, JobWhole, LogOut, job_out, job_whole
from planner.api.visible import job as visible
from planner.models import JobState, Role
from planner.services import joblogs, jobs

router = Router(tags=["jobs"])


class Filters(BaseModel):
    """Which jobs a list shows."""

    model_config = ConfigDict(extra="forbid")

    project: str = Field("", max_length=60, description="The project's slug; a token's own project if left out.")
    state: Literal["", *JobState.values] = ""  # type: ignore[valid-type]  # the one list of states
    recipe: str = Field("", max_length=40)
    node: str = Field("", max_length=36, description="Id of a node that had it.")
    run: str = Field("", max_length=36, description="Id of the run that it is for.")
    cursor: str = Field("", max_length=500, description="`next_cursor` of the page before.")
    limit: int = Field(50, ge=1, le=jobs.MOST)


@router.post("", auth=needs("nodes:write"), response={202: JobOut}, operation_id="submit_job")
def submit(request: HttpRequest, response: HttpResponse, body: JobAsked) -> Status[JobOut]:
    """Ask for a measurement: a recipe with its parameters. 202: it is queued for a node that can."""
    who = caller(request)
    project = who.project(body.project, Role.EDITOR)
    job = jobs.submit(project, user=who.user, recipe=body.recipe, params=body.params, needs=body.needs)
    response["Location"] = f"/api/v1/jobs/{job.id}"
    return Status(HTTPStatus.ACCEPTED, job_out(job))


@router.get("", auth=needs("nodes:read"), response=JobPage, operation_id="list_jobs")
def list_(request: HttpRequest, response: HttpResponse, asked: Query[Filters]) -> JobPage:
    """List a project's jobs, latest first. The next page is in `Link: <...>; rel="next"` and in `next_cursor`."""
    page = jobs.page(caller(request).project(asked.project), **asked.model_dump(exclude={"project"}))
    if page.next_cursor:
        query = urlencode({**asked.model_dump(exclude_defaults=True), "cursor": page.next_cursor})
        response["Link"] = f'</api/v1/jobs?{query}>; rel="next"'
    return JobPage(items=[job_out(job) for job in page.rows], next_cursor=page.next_cursor)


@router.get("/{uuid:job_id}", auth=needs("nodes:read"), response=JobWhole, operation_id="read_job")
def read(request: HttpRequest, job_id: UUID) -> JobWhole:
    """Read a job with every node's turn at it, and why it waits if it does."""
    return job_whole(visible(caller(request), job_id))


@router.get("/{uuid:job_id}/log", auth=needs("nodes:read"), response=LogOut, operation_id="read_log")
def log(
    request: HttpRequest,
    job_id: UUID,
    offset: Annotated[int, Query(ge=0, le=2**31 - 2, description="`length` of the answer before.")] = 0,
) -> LogOut:
    """Read the log of the job's latest lease from `offset` on, fit to be shown."""
    found = joblogs.read(visible(caller(request), job_id), offset=offset)
    return LogOut(fence=found.fence, offset=found.offset, length=found.length, text=found.text)


@router.post("/{uuid:job_id}/cancel", auth=needs("nodes:write"), response=JobOut, operation_id="cancel_job")
def cancel(request: HttpRequest, job_id: UUID) -> JobOut:
    """Cancel a job: a waiting one ends at once, a running one when its node hears of it; one that ended stays."""
    who = caller(request)
    return job_out(jobs.cancel(visible(who, job_id), user=who.user))
