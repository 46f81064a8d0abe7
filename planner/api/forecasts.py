"""`/forecasts`: freeze what a run's answer says, record what was measured, see how well such forecasts hold."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.responses import Status

from planner.api.auth import caller, needs
from planner.api.conditional import etag, respond
from planner.api.forecast_schemas import (
    CalibrationOut,
    ForecastAsked,
    ForecastOut,
    ForecastPage,
    OutcomeAsked,
    calibration_out,
    forecast_line,
    forecast_out,
)
from planner.api.visible import forecast as visible
from planner.api.visible import run as visible_run
from planner.services import forecasts
from solvers.documents import Document

router = Router(tags=["forecasts"])

Project = Annotated[str, Query(max_length=60, description="The project's slug; a token's own project if left out.")]
Cursor = Annotated[str, Query(max_length=500, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=forecasts.MOST)]


@router.post("", auth=needs("runs:write"), response={201: ForecastOut}, operation_id="freeze_forecast")
def freeze(request: HttpRequest, response: HttpResponse, body: ForecastAsked) -> Status[ForecastOut]:
    """Freeze the forecast of a solved run, with its digest and the time of the database. 409: it is frozen already."""
    who = caller(request)
    made = forecasts.freeze(visible_run(who, body.run), user=who.user, name=body.name, note=body.note)
    response["Location"] = f"/api/v1/forecasts/{made.id}"
    return Status(HTTPStatus.CREATED, forecast_out(made))


@router.get("", auth=needs("runs:read"), response=ForecastPage, operation_id="list_forecasts")
def list_(
    request: HttpRequest, response: HttpResponse, project: Project = "", cursor: Cursor = "", limit: Limit = 50
) -> ForecastPage:
    """List a project's forecasts, latest first. The next page is in `Link: <...>; rel="next"` and in `next_cursor`."""
    page = forecasts.page(caller(request).project(project), cursor=cursor, limit=limit)
    if page.next_cursor:
        query = urlencode({"project": project, "limit": limit, "cursor": page.next_cursor})
        response["Link"] = f'</api/v1/forecasts?{query}>; rel="next"'
    return ForecastPage(items=[forecast_line(each) for each in page.rows], next_cursor=page.next_cursor)


@router.get("/calibration", auth=needs("runs:read"), response=CalibrationOut, operation_id="read_calibration")
def calibration(request: HttpRequest, project: Project = "") -> CalibrationOut:
    """Read how well the project's forecasts hold: the share inside their intervals, and by how much they were wrong."""
    return calibration_out(forecasts.calibration(caller(request).project(project)))


@router.get("/{uuid:forecast_id}", auth=needs("runs:read"), response=ForecastOut, operation_id="read_forecast")
def read(request: HttpRequest, forecast_id: UUID) -> ForecastOut:
    """Read a forecast with its frozen document, its digest and its outcomes."""
    return forecast_out(visible(caller(request), forecast_id))


@router.get("/{uuid:forecast_id}/statement", auth=needs("runs:read"), response=Document, operation_id="read_statement")
def statement(request: HttpRequest, forecast_id: UUID) -> HttpResponse:
    """Read the very bytes whose SHA-256 is the digest: `curl ... | sha256sum` checks it without Isoflop."""
    body = forecasts.frozen(visible(caller(request), forecast_id))
    return respond(request, body, tag=etag(body), media_type="application/json")


@router.post(
    "/{uuid:forecast_id}/outcome", auth=needs("runs:write"), response={201: ForecastOut}, operation_id="record_outcome"
)
def record(request: HttpRequest, forecast_id: UUID, body: OutcomeAsked) -> Status[ForecastOut]:
    """Record what was measured and score the forecast by it. 409: it has its outcome; `reason` records a correction."""
    who = caller(request)
    found = visible(who, forecast_id)
    forecasts.record(found, user=who.user, **body.model_dump())
    return Status(HTTPStatus.CREATED, forecast_out(visible(who, forecast_id)))
