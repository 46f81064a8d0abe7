"""`/runs/{id}/result` and `/runs/{id}/exports/{format}`: the answer, in the form that was asked for."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from planner.api.auth import caller, needs
from planner.api.conditional import etag, respond
from planner.api.problem import Refusal, refuse
from planner.api.visible import run as visible
from planner.exports import FORMATS, download, files, known, write
from planner.models import Run
from solvers.documents import Document
from solvers.errors import Problem, nearest

router = Router(tags=["results"])


@router.get("/{uuid:run_id}/result", auth=needs("runs:read"), response=Document, operation_id="read_result")
def result(
    request: HttpRequest,
    run_id: UUID,
    form: Annotated[str, Query(alias="format", max_length=20, description="json or yaml; else as Accept says.")] = "",
) -> HttpResponse:
    """Read the result document, with an ETag; as YAML for `Accept: application/yaml` or `?format=yaml`."""
    return _written(request, run_id, form or _accepted(request))


@router.get("/{uuid:run_id}/exports/{name}", auth=needs("runs:read"), response=str, operation_id="export_result")
def export(request: HttpRequest, run_id: UUID, name: str) -> HttpResponse:
    """Read the result in another format, as a file to keep; several files come as one zip. 422: the format cannot."""
    run = visible(caller(request), run_id)
    result = document(run)
    if name not in known(result):
        raise _no_format(name, known(result))
    stem = f"isoflop-{run_id.hex[:8]}"
    body, filename, media_type = download(files(result, name, stem=stem), stem=f"{stem}-{name}")
    if name in FORMATS:
        media_type = f"{FORMATS[name].media_type}; charset=utf-8"
    response = respond(request, body, tag=etag(name, body), media_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def document(run: Run) -> Document:
    """The run's result document. Refusal: 409 while it is under way, 404 when it ended without one."""
    if run.under_way:
        message = f"The run is {run.state}; there is no result yet."
        hint = f"GET /api/v1/runs/{run.id}?wait=30 waits for it."
        raise refuse(HTTPStatus.CONFLICT, "under_way", message, hint=hint, Retry_After="1")
    if not hasattr(run, "result"):
        found = [Problem(**{"at": "", "hint": "", **problem}) for problem in run.problems]
        raise Refusal(HTTPStatus.NOT_FOUND, Problem("no_result", f"The run {run.state} without a result."), *found)
    answer: Document = run.result.document
    return answer


def _written(request: HttpRequest, run_id: UUID, name: str) -> HttpResponse:
    run = visible(caller(request), run_id)
    if name not in FORMATS:
        raise _no_format(name, FORMATS)
    body = write(document(run), name)
    media_type = f"{FORMATS[name].media_type}; charset=utf-8"
    return respond(request, body, tag=etag(name, body), media_type=media_type)


def _no_format(name: str, there: Iterable[str]) -> Refusal:
    message = f"There is no export format '{name[:40]}'."
    return refuse(HTTPStatus.NOT_FOUND, "unknown_format", message, hint=nearest(name, there))


def _accepted(request: HttpRequest) -> str:
    """The format that the Accept header prefers among those there are; JSON where it is silent."""
    by_type = {entry.media_type: entry.name for entry in FORMATS.values()}
    preferred = request.get_preferred_type(list(by_type))
    return by_type[preferred] if preferred else "json"
